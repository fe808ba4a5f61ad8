using SensorDash.Data.Ingest;

namespace SensorDash.Data.Tests.Ingest;

public sealed class IngestOptionsTests
{
    [Fact]
    public void Validate_Defaults_AreValid() => Assert.True(new IngestOptionsValidator().Validate(null, new IngestOptions()).Succeeded);

    [Fact]
    public void Validate_EverySettingWrong_NamesEachOnceWithItsValue()
    {
        var options = new IngestOptions
        {
            BatchSize = 10_001,
            FlushInterval = TimeSpan.FromHours(1),
            SdSaverInterval = TimeSpan.FromHours(1),
            BufferCapacity = 4_999,
            AckTimeout = TimeSpan.Zero,
            Durability = (DurabilityProfile)9,
            MaxBodyMiB = 0,
            MaxNodes = 1_000_001,
        };

        var faults = new IngestOptionsValidator().Validate(null, options).Failures!.ToArray();

        string[] names = ["BatchSize", "FlushInterval", "SdSaverInterval", "BufferCapacity", "AckTimeout", "Durability", "MaxBodyMiB", "MaxNodes"];
        string[] values = ["10001", "01:00:00", "01:00:00", "4999", "00:00:00", "9", "0", "1000001"];
        Assert.Equal(names.Length, faults.Length);
        Assert.All(faults.Zip(names, values), fault =>
        {
            Assert.StartsWith($"Ingest:{fault.Second} must be ", fault.First, StringComparison.Ordinal);
            Assert.EndsWith($", not {fault.Third}.", fault.First, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void ReadingAckTimeout_SdSaver_BeginsAfterTheInterval()
    {
        var options = new IngestOptions { Durability = DurabilityProfile.SdSaver, SdSaverInterval = TimeSpan.FromMinutes(10) };
        Assert.Empty(new IngestOptionsValidator().Validate(null, options).Failures ?? []);
        Assert.Equal(TimeSpan.FromMinutes(10) + options.AckTimeout, options.ReadingAckTimeout);
    }
}
