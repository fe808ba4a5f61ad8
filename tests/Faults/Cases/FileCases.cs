using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using SensorDash.Data.DuckDb.Store;
using SensorDash.Tests.Support;

namespace SensorDash.Faults.Tests.Cases;

/// <summary>Files as a crash, a bad card or a careless hand leaves them, found at the next start.</summary>
internal static class FileCases
{
    private const int RowsPerPost = 100;
    private const string LastRunMissing = "those before the last start";

    private static readonly (string Fault, Engine Engine, Action<StoreFiles> Do)[] _cases =
    [
        ("SQLite: second half of the file missing", Engine.Sqlite, files => Cut(files.SqlitePath, length => length / 2)),
        ("SQLite: file of 0 bytes", Engine.Sqlite, files => Cut(files.SqlitePath, _ => 0)),
        ("SQLite: `-wal` missing", Engine.Sqlite, files => File.Delete(files.SqlitePath + "-wal")),
        ("SQLite: `-wal` of 0 bytes", Engine.Sqlite, files => Cut(files.SqlitePath + "-wal", _ => 0)),
        ("SQLite: `-wal` with a torn end", Engine.Sqlite, files => Tear(files.SqlitePath + "-wal")),
        ("SQLite: `-shm` missing", Engine.Sqlite, files => File.Delete(files.SqlitePath + "-shm")),
        ("SQLite: `-shm` of 0 bytes", Engine.Sqlite, files => Cut(files.SqlitePath + "-shm", _ => 0)),
        ("side path: second half of the file missing", Engine.Sqlite, files => Cut(Path.ChangeExtension(files.SqlitePath, "duckdb"), length => length / 2)),
        ("DuckDB: second half of the file missing", Engine.DuckDb, files => Cut(files.DuckDbPath, length => length / 2)),
        ("DuckDB: file of 0 bytes", Engine.DuckDb, files => Cut(files.DuckDbPath, _ => 0)),
        ("DuckDB: `.wal` missing", Engine.DuckDb, files => File.Delete(files.DuckDbPath + ".wal")),
        ("DuckDB: `.wal` with a torn end", Engine.DuckDb, files => Tear(files.DuckDbPath + ".wal")),
    ];

    public static async Task<List<FaultCase>> RunAsync()
    {
        var found = new List<FaultCase>();
        foreach (var engine in _cases.Select(@case => @case.Engine).Distinct())
        {
            using var made = new TemporaryFolder();
            var (files, sender) = (new StoreFiles(engine, made.Path), new Sender(1));
            await using (var former = Start(files)) await PostAsync(former, sender); // Its end empties the logs.
            await using var running = Start(files);
            await PostAsync(running, sender);
            foreach (var (fault, _, damage) in _cases.Where(@case => @case.Engine == engine))
            {
                // As kill -9 leaves them: the program has them open, and locked for .NET.
                using var folder = new TemporaryFolder();
                using (var copy = Process.Start("cp", ["-a", made.Path + "/.", folder.Path])) await copy.WaitForExitAsync();
                var damaged = new StoreFiles(engine, folder.Path);
                damage(damaged);
                var (during, rows) = await SeeAsync(damaged, sender);
                // How much of the last run is in the file already, and not in its log, is chance.
                found.Add(new(fault, during, "—", fault.Contains("wal", StringComparison.Ordinal) && rows is ("all there" or LastRunMissing) ? "those up to the last checkpoint" : rows));
            }
        }
        return found;
    }

    private static async Task<(string During, string Rows)> SeeAsync(StoreFiles files, Sender sender)
    {
        var (app, other, seen) = (Start(files), new Sender(2), "");
        var before = await HashAsync(files);
        try
        {
            await using (app)
            {
                using var client = app.CreateClient();
                seen = await Seen.UntilAsync("the program takes readings", () => Seen.Async(client, other), seen => seen.Contains("readings 200", StringComparison.Ordinal));
            }
        }
        catch (ObjectDisposedException)
        {
            var refusal = await RefusalAsync(files);
            return ($"does not start: {refusal}", before == await HashAsync(files) ? "in the file, which is as it was" : "in the file, which the start changed");
        }
        // Only what the store says: others work in the background, and when they say something is chance.
        var said = app.Logs.Entries.Where(entry => entry.Level >= LogLevel.Warning && (entry.Text.StartsWith("SensorDash.Data.Sqlite.", StringComparison.Ordinal) || entry.Text.StartsWith("SensorDash.Data.DuckDb.Store.", StringComparison.Ordinal))).Select(entry => Seen.Sentence(entry.Text, files.Folder)).Distinct();
        var missing = await Seen.MissingAsync(files, sender);
        return ($"starts; {seen}{string.Concat(said.Select(text => $". Log: {text}"))}", missing.Count == 0 ? "all there"
            : Directory.GetFiles(files.Folder, "hub.db.aside-*").Length > 0 ? "in the file that was set aside" : !sender.Acknowledged.Take(3 * RowsPerPost).Intersect(missing).Any() ? LastRunMissing : "missing");
    }

    private static async Task PostAsync(SensorDashApp app, Sender sender)
    {
        using var client = app.CreateClient();
        for (var i = 0; i < 3; i++) Assert.Equal(System.Net.HttpStatusCode.OK, await sender.PostAsync(client, RowsPerPost));
        if (app.Store is not DuckDbReadingStore) await app.WaitUntilCaughtUpAsync();
    }

    private static async Task<string> RefusalAsync(StoreFiles files)
        => Seen.Sentence((await ProgramRun.ToItsEndAsync([("Database__Sqlite__Path", files.SqlitePath), .. files.Settings])).Errors, files.Folder);

    private static async Task<string> HashAsync(StoreFiles files)
        => files.Engine == Engine.DuckDb ? Convert.ToHexString(SHA256.HashData(await File.ReadAllBytesAsync(files.DuckDbPath))) : "";

    private static SensorDashApp Start(StoreFiles files)
        => new([("Database:Sqlite:Path", files.SqlitePath), .. files.Settings]);

    private static void Cut(string path, Func<long, long> length)
    {
        using var file = File.OpenWrite(path);
        file.SetLength(length(file.Length));
    }

    private static void Tear(string path)
    {
        const int Torn = 700;
        using var file = File.OpenWrite(path);
        file.Position = file.Length - Torn;
        file.Write(new byte[Torn]);
    }
}
