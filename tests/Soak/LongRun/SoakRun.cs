using System.Diagnostics;
using System.Globalization;
using SensorDash.Tests.Support;

namespace SensorDash.Soak.Tests.LongRun;

/// <summary>A run on one store.</summary>
internal sealed class SoakRun(TimescaleStoreFixture? database, TemporaryFolder folder, string[] program, Action<string> write)
{
    // Bodies of the short form are small: it is for what goes wrong, not for how much.
    private const int Connections = 4;
    private const double QuickRate = 200;

    // With less, the first third would not hold the days that retention keeps.
    private static readonly TimeSpan _minFlat = TimeSpan.FromMinutes(30);

    private static readonly TimeSpan _measuring = TimeSpan.FromSeconds(20), _betweenSamples = TimeSpan.FromSeconds(SoakSize.Choose(quick: 1, full: 15));
    private static readonly TimeSpan _betweenBackups = TimeSpan.FromSeconds(SoakSize.Choose(quick: 600, full: 240)), _betweenQueries = TimeSpan.FromMilliseconds(SoakSize.Choose(quick: 200, full: 400));
    private static readonly int _rowsPerBody = SoakSize.Choose(quick: 50, full: 500);

    // In full a day in four minutes. libfaketime sees the steps of a second at once: shorter than the longest ConnectionTimeout.
    private static readonly TimeSpan _step = TimeSpan.FromMinutes(SoakSize.Choose(quick: 480, full: 5)), _betweenSteps = SoakSize.IsFull ? _step / 360 : TimeSpan.FromMilliseconds(100);

    private readonly string _path = folder.File("hub.db");
    private readonly SampleLog _log = new();
    private readonly List<LiveFollower> _followers = [.. Enumerable.Range(0, 4).Select(i => new LiveFollower(null, i % 2 == 0)), .. Enumerable.Range(0, 12).Select(i => new LiveFollower(SoakRows.Lanes[i % 5], i % 2 == 0))];

    /// <summary>Duration of a full run: an hour, or <c>SENSORDASH_SOAK_MINUTES</c>.</summary>
    private static TimeSpan Duration => TimeSpan.FromMinutes(int.Parse(Environment.GetEnvironmentVariable("SENSORDASH_SOAK_MINUTES") ?? "60", CultureInfo.InvariantCulture));

    private (string Name, string Value)[] Settings =>
    [
        .. database?.ProgramEnvironment ?? [],
        ("Retention__Readings__Default", "1"), .. SoakRows.Lanes.Select(lane => ($"Retention__Events__{lane}", "1")),
        ("Backup__Folder", folder.File("backups")), ("Backup__Keep", SoakBackups.Keep.ToString(CultureInfo.InvariantCulture)), ("Backup__PostgresTools", database is null ? "" : PostgresServer.ToolsFolder),
        ("Analytics__MemoryLimitMiB", "128"), ("Database__Timescale__Hypertable__CompressionAfter", "1.00:00:00"), ("Database__Timescale__Pool__ConnectionTimeout", "600"),
    ];

    public async Task RunAsync()
    {
        // Connections, replays, questions and backups; in full the clock waits for nobody.
        var workers = SoakSize.IsFull ? 0 : Connections + Workload.Replays + 2;
        var clock = new SteppedClock(folder.File("clock"), _step, _betweenSteps, workers);
        await using var server = await SensorDashProcess.StartAsync(program, _path, [.. Settings, .. clock.Environment]);
        var run = new Workload(server, clock, _followers, new(server.Client, clock, Connections, _rowsPerBody), new(server.Client, clock, _betweenQueries), new(server.Client, clock));
        write($"limitations: {await server.Client.GetStringAsync(new Uri("/health/ready", UriKind.Relative))}");
        foreach (var follower in _followers) await follower.OpenAsync(server.Client.BaseAddress!);
        run.Begin(_betweenBackups);

        try
        {
            var rate = QuickRate;
            if (SoakSize.IsFull)
            {
                var reached = await run.MeasureAsync(_measuring);
                rate = reached / 2;
                write($"{reached:N0} rows/s reached, {rate:N0} rows/s for {Duration.TotalMinutes:N0} minutes");
                _log.Note($"{reached:0} rows/s reached, sending {rate:0}");
            }
            await SendAsync(run, rate);
            await run.EndAsync();
            await new SoakEnd(run, new StoredState(_path, database), write).CheckAsync();
            Assert.Empty(run.Backups.Failures);
            var errors = server.LoggedErrors.Where(error => !IsOfTheClock(error)).ToList();
            Assert.True(errors.Count == 0, string.Join("\n", errors));
        }
        finally
        {
            foreach (var note in (IEnumerable<string>)[.. run.Queries.Slowest(), .. run.Backups.Failures, .. server.LoggedErrors]) _log.Note(note);
        }
        await server.TerminateAsync();
        if (SoakSize.IsFull || database is null) await RestoreAsync(run.LastBackup!);
        if (SoakSize.IsFull) CheckFlatness();
    }

    // A connection that was being opened during a step: the driver takes it for a timeout. The first entry has no stack.
    private static bool IsOfTheClock(string error) => error.Contains("EntityFrameworkCore.Database.Connection[20004]", StringComparison.Ordinal)
        || (error.Contains("System.TimeoutException", StringComparison.Ordinal) && error.Contains("NpgsqlConnector.Open(", StringComparison.Ordinal));

    private async Task SendAsync(Workload run, double rate)
    {
        var (sampler, watch) = (new Sampler(run, new StoredState(_path, database)), Stopwatch.StartNew());
        run.BeginSending(rate);
        // In short until each part has done its work.
        while (SoakSize.IsFull ? watch.Elapsed < Duration : !await run.HasSeenAllAsync())
        {
            await run.DelayAsync(_betweenSamples);
            _log.Add(await sampler.TakeAsync(watch.Elapsed));
        }
    }

    // Compares every row with the hashes of the backup before it replaces anything.
    private async Task RestoreAsync(string backup)
    {
        var restore = await ProgramRun.ToItsEndAsync(["backup", "restore", backup, "--replace"], [("Database__Sqlite__Path", _path), .. Settings]);
        Assert.Equal((0, ""), (restore.ExitCode, restore.Errors));
        write($"{backup} was restored, every row compared");
    }

    private void CheckFlatness()
    {
        var (lines, growing) = Flatness.Compare(_log);
        foreach (var line in lines)
        {
            write(line);
            _log.Note(line);
        }
        if (Duration >= _minFlat) Assert.Empty(growing);
    }
}
