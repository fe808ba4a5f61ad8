using System.Globalization;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;
using Xunit.Abstractions;

namespace SensorDash.Soak.Tests.LongRun;

/// <summary>Half the rate that the store reaches, for an hour or a day, with everything that runs beside it: streams, replays, retention, backups, the side path and people who ask.</summary>
public sealed class LongRunTests(ITestOutputHelper output)
{
    [SkippableFact]
    public async Task HalfTheRate_OnSqlite_StaysFlatAndLosesNothing() => await RunAsync(null);

    [SkippableFact]
    public async Task HalfTheRate_OnTimescaleDb_StaysFlatAndLosesNothing()
    {
        await using var database = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);
        await RunAsync(database);
    }

    private async Task RunAsync(TimescaleStoreFixture? database)
    {
        using var folder = new TemporaryFolder(isOnDisk: SoakSize.IsFull);
        var program = await PiHub.ProgramAsync(folder);
        await new SoakRun(database, folder, ["dotnet", program], text => output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{TimeProvider.System.GetUtcNow():HH:mm:ss} {text}"))).RunAsync();
    }
}
