using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using SensorDash.Data.Sqlite;
using SensorDash.Tests.Support;
using SensorDash.Web.Operations.Figures;
using SensorDash.Web.Transfers;

namespace SensorDash.Web.Tests.Operations;

/// <summary>Growth and writes by day, over restarts, and what follows from them.</summary>
public sealed class StorageForecastTests : IDisposable
{
    private const long MiB = 1024 * 1024, GiB = 1024 * MiB;

    private static readonly DateTimeOffset _now = DateTimeOffset.FromUnixTimeSeconds(ManualTime.Noon);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Forecast_LessThanADay_NeedsMoreData()
    {
        var days = Known();
        days.Add(_now.AddHours(-23), 1, Size(-23, 10 * GiB));
        days.Add(_now, 1, Size(0, 11 * GiB));

        Assert.Equal("How long the disk lasts is not known yet: that needs a day of data.", StorageText.Forecast(State(days, 40 * GiB)));
    }

    [Fact]
    public void Forecast_GrowthOfAWeek_SaysHowLongTheDiskLasts()
    {
        var days = Known();
        // Before the week it grew faster, which counts no more.
        days.Add(_now.AddDays(-9), 1, Size(-9 * 24, 1 * GiB));
        for (var day = -7; day <= 0; day++) days.Add(_now.AddDays(day), 1, Size(day * 24, (20 * GiB) + ((day + 7) * 400 * MiB)));

        var state = State(days, 41 * 400 * MiB);

        Assert.Equal("At the rate of the last 7 days, the disk lasts 41 days.", StorageText.Forecast(state));
        Assert.Equal(41, state.DaysLeft!.Value, 6);
        Assert.EndsWith("Retention is on: what it deletes makes room for new rows.", StorageText.Forecast(State(days, 41 * 400 * MiB, hasRetention: true)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "The size has been steady in the last 2 days.")]
    [InlineData(100, "The size has been steady in the last 2 days.")] // KiB, of 10 GiB.
    [InlineData(-204_800, "The files shrank by 100 MiB a day in the last 2 days.")]
    [InlineData(204_800, "At the rate of the last 2 days, the disk lasts 1.1 years.")]
    public void Forecast_SteadyOrShrinking_SaysSo(long kibibytes, string text)
    {
        var days = Known();
        days.Add(_now.AddDays(-2), null, Size(-48, 10 * GiB));
        days.Add(_now, null, Size(0, (10 * GiB) + (kibibytes * 1024)));

        Assert.Equal(text, StorageText.Forecast(State(days, 40 * GiB)));
        Assert.Equal(kibibytes > 100, State(days, 40 * GiB).DaysLeft is not null);
    }

    [Fact]
    public void Server_ItsGrowth_IsShownWithoutAForecast()
    {
        var days = Known();
        days.Add(_now.AddDays(-2), null, new(_now.AddDays(-2).ToUnixTimeSeconds(), 0, 10 * GiB));
        days.Add(_now, null, new(_now.ToUnixTimeSeconds(), 0, 12 * GiB));

        var state = new SystemState(_now, days.Days, [], new(null, false, null), DualWriteStatus.Off) { IsOnServer = true, Disk = new(GiB, GiB) };

        Assert.Equal("The database grows by 1.00 GiB a day. The disk of its server is not known here.", StorageText.Server(state));
        Assert.Null(state.DaysLeft);
    }

    [Fact]
    public void Days_WrittenAndReadAgain_GoOn()
    {
        var days = Known();
        for (var day = -40; day <= 0; day++) days.Add(_now.AddDays(day), 100 + day, Size(day * 24, GiB));
        days.Save();

        var next = Known();
        next.Load();
        next.Add(_now.AddMinutes(1), 50, null);

        Assert.Equal(31, next.Days.Count);
        Assert.Equal((150L, 99L), (next.Days[^1].Written, next.Days[^2].Written));
        Assert.Equal(Size(0, GiB), next.Days[^1].Last);
        Assert.Equal(Enumerable.Range(93, 7).Average(), State(next, GiB).WrittenPerDay);
        Assert.Equal(150, State(next, GiB).WrittenToday);
    }

    [Fact]
    public void Days_ClockWasAhead_AreForgotten()
    {
        var days = Known();
        days.Add(_now.AddYears(3), 7, null);
        days.Add(_now, 5, null);

        Assert.Equal([DateOnly.FromDateTime(_now.UtcDateTime)], days.Days.Select(d => d.Day));
    }

    [Fact]
    public void Days_HourPassed_AreWritten()
    {
        var days = Known();
        days.Add(_now, 5, null);
        Assert.False(File.Exists(_folder.File("a.db.figures")));

        days.Add(_now.AddHours(1), 5, null);

        Assert.Contains("\"written\":10", File.ReadAllText(_folder.File("a.db.figures")), StringComparison.Ordinal);
    }

    [Fact]
    public void Days_FileOfSomethingElse_BeginsAnewAndSaysSo()
    {
        File.WriteAllText(_folder.File("a.db.figures"), "{");
        var log = new RecordedLog<StorageDays>();
        var days = new StorageDays(Options.Create(new SqliteOptions { Path = _folder.File("a.db") }), log);

        days.Load();
        days.Add(_now, 5, null);
        days.Save();

        Assert.Single(days.Days);
        Assert.Single(log.Lines);
        Assert.StartsWith("[", File.ReadAllText(_folder.File("a.db.figures")), StringComparison.Ordinal);
    }

    private StorageDays Known() => new(Options.Create(new SqliteOptions { Path = _folder.File("a.db") }), NullLogger<StorageDays>.Instance);

    private static StorageSize Size(double hours, long bytes) => new(_now.AddHours(hours).ToUnixTimeSeconds(), bytes, null);

    private static SystemState State(StorageDays days, long free, bool hasRetention = false)
        => new(_now, days.Days, [], new(null, false, null), DualWriteStatus.Off) { Disk = new(free, 100 * GiB), HasRetention = hasRetention };
}
