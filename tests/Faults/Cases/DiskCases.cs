using SensorDash.Tests.Support;

namespace SensorDash.Faults.Tests.Cases;

/// <summary>A disk that is full or read-only, a file that another process has locked, a clock that jumped back: while the program runs, and at its start.</summary>
internal static class DiskCases
{
    private const string IsRefused = "readings 503";

    public static async Task<List<FaultCase>> RunAsync()
    {
        using var library = new TemporaryFolder();
        await NativeLibrary.BuildAsync("Cases/faults.c", library.File("faults.so"));
        return
        [
            await RunAsync("SQLite: disk full", Engine.Sqlite, library, "full"),
            await RunAsync("DuckDB: disk full", Engine.DuckDb, library, "full"),
            await RunAsync("SQLite: disk read-only", Engine.Sqlite, library, "read-only"),
            await StartReadOnlyAsync(library),
            await LockAsync(),
            await SetBackAsync(),
        ];
    }

    private static async Task<FaultCase> RunAsync(string name, Engine engine, TemporaryFolder library, string fault)
    {
        using var folder = new TemporaryFolder();
        var (files, sender) = (new StoreFiles(engine, folder.Path), new Sender(1));
        var control = library.File($"{engine}-{fault}");
        await using var server = await StartAsync(files, [("LD_PRELOAD", library.File("faults.so")), ("FAULT_CONTROL", control), ("FAULT_FOLDER", folder.Path)]);
        await Seen.UntilAsync("it takes readings", () => Seen.Async(server.Client, sender), Seen.Healthy.Equals);
        await File.WriteAllTextAsync($"{control}.{fault}", "");
        var during = await Seen.UntilAsync($"{name}: it refuses readings", () => Seen.Async(server.Client, sender), seen => seen.StartsWith(IsRefused, StringComparison.Ordinal));
        File.Delete($"{control}.{fault}");
        var after = await Seen.UntilAsync($"{name}: it takes readings again", () => Seen.Async(server.Client, sender), Seen.Healthy.Equals);
        await server.TerminateAsync();
        return new(name, during, after, await Seen.RowsAsync(files, sender));
    }

    private static async Task<FaultCase> StartReadOnlyAsync(TemporaryFolder library)
    {
        using var folder = new TemporaryFolder();
        var (files, sender) = (new StoreFiles(Engine.Sqlite, folder.Path), new Sender(1));
        await using (var server = await StartAsync(files, []))
        {
            await Seen.UntilAsync("it takes readings", () => Seen.Async(server.Client, sender), Seen.Healthy.Equals);
            await server.TerminateAsync();
        }
        var control = library.File("start");
        await File.WriteAllTextAsync(control + ".read-only", "");
        var run = await ProgramRun.OfAProcessAsync(
            ("Database__Sqlite__Path", files.SqlitePath), ("LD_PRELOAD", library.File("faults.so")), ("FAULT_CONTROL", control), ("FAULT_FOLDER", folder.Path));
        return new("SQLite: disk read-only at the start", $"does not start, exit code {run.ExitCode}: {Seen.Sentence(run.Errors, folder.Path)}", "—", await Seen.RowsAsync(files, sender));
    }

    private static async Task<FaultCase> LockAsync()
    {
        const string Name = "SQLite: file locked by another process";
        using var folder = new TemporaryFolder();
        var (files, sender) = (new StoreFiles(Engine.Sqlite, folder.Path), new Sender(1));
        await using var server = await StartAsync(files, []);
        await Seen.UntilAsync("it takes readings", () => Seen.Async(server.Client, sender), Seen.Healthy.Equals);
        string during;
        await using (await SqliteLock.TakeAsync(files.SqlitePath))
            during = await Seen.UntilAsync($"{Name}: it refuses readings", () => Seen.Async(server.Client, sender), seen => seen.StartsWith(IsRefused, StringComparison.Ordinal) && seen.EndsWith("503", StringComparison.Ordinal));
        var after = await Seen.UntilAsync($"{Name}: it takes readings again", () => Seen.Async(server.Client, sender), Seen.Healthy.Equals);
        await server.TerminateAsync();
        return new(Name, during, after, await Seen.RowsAsync(files, sender));
    }

    private static async Task<FaultCase> SetBackAsync()
    {
        const string Name = "clock an hour behind after a restart";
        using var folder = new TemporaryFolder();
        var (files, sender) = (new StoreFiles(Engine.Sqlite, folder.Path), new Sender(1));
        await using (var server = await StartAsync(files, []))
        {
            await Seen.UntilAsync("it takes readings", () => Seen.Async(server.Client, sender), Seen.Healthy.Equals);
            await server.TerminateAsync();
        }
        string during, after;
        await using (var server = await StartAsync(files, SetBackClock.Environment))
        {
            during = await Seen.UntilAsync($"{Name}: it takes readings", () => Seen.Async(server.Client, sender), Seen.Healthy.Equals);
            await server.TerminateAsync();
        }
        await using (var server = await StartAsync(files, []))
        {
            after = await Seen.UntilAsync($"{Name}: it takes readings again", () => Seen.Async(server.Client, sender), Seen.Healthy.Equals);
            await server.TerminateAsync();
        }
        return new(Name, during, after, await Seen.RowsAsync(files, sender));
    }

    private static Task<SensorDashProcess> StartAsync(StoreFiles files, (string, string)[] environment) => SensorDashProcess.StartAsync(files.SqlitePath,
        [("Ingest__AckTimeout", "00:00:01"), .. files.Settings, .. environment]);
}
