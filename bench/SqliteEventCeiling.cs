using System.Diagnostics;
using System.Text;
using SensorDash.Data.Events;
using SensorDash.Tests.Support;
using SQLitePCL;

namespace SensorDash.Bench;

/// <summary>The maximum rate of SQLite itself for raw events: index and lane by prepared statements, the same schema, 5,000 per transaction, synchronous FULL.
/// No outcomes, no batch rows, no HTTP.</summary>
internal static class SqliteEventCeiling
{
    private const int EventsPerTransaction = 5_000;

    public static async Task<double> MeasureAsync(int count)
    {
        await using var fixture = await SqliteStoreFixture.CreateAsync();
        return Measure(fixture.Database.Path, count);
    }

    private static double Measure(string path, int count)
    {
        Check(raw.sqlite3_open(path, out var database));
        try
        {
            Check(raw.sqlite3_exec(database, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-8192"));
            Check(raw.sqlite3_prepare_v2(database, "INSERT INTO event_index (source_truth_time, event_id, lane, first_seen, parts_check) VALUES (?, ?, 4, ?, 0) ON CONFLICT DO NOTHING", out var index));
            Check(raw.sqlite3_prepare_v2(database, """
                INSERT INTO raw_events (canonical_truth_time, event_id, scope_id, source_truth_time, bytes, connection_id, sequence, batch_id) VALUES (?, ?, ?, ?, ?, ?, ?, 1)
                """, out var lane));
            var watch = new Stopwatch();
            foreach (var batch in SyntheticEvents.Batches(count, EventsPerTransaction))
            {
                watch.Start();
                Check(raw.sqlite3_exec(database, "BEGIN IMMEDIATE"));
                foreach (var frame in batch) Insert(database, index, lane, (RawEvent)frame);
                Check(raw.sqlite3_exec(database, "COMMIT"));
                watch.Stop();
            }
            index.Dispose();
            lane.Dispose();
            return count / watch.Elapsed.TotalSeconds;
        }
        finally
        {
            database.Dispose();
        }
    }

    private static void Insert(sqlite3 database, sqlite3_stmt index, sqlite3_stmt lane, RawEvent frame)
    {
        Span<byte> id = stackalloc byte[EventId.Length];
        frame.Id.CopyTo(id);
        raw.sqlite3_bind_int64(index, 1, frame.SourceTime);
        raw.sqlite3_bind_blob(index, 2, id);
        raw.sqlite3_bind_int64(index, 3, frame.SourceTime);
        Step(database, index);
        raw.sqlite3_bind_int64(lane, 1, frame.SourceTime);
        raw.sqlite3_bind_blob(lane, 2, id);
        raw.sqlite3_bind_text(lane, 3, Encoding.UTF8.GetBytes(frame.ScopeId));
        raw.sqlite3_bind_int64(lane, 4, frame.SourceTime);
        raw.sqlite3_bind_blob(lane, 5, frame.Content);
        raw.sqlite3_bind_text(lane, 6, Encoding.UTF8.GetBytes(frame.ConnectionId));
        raw.sqlite3_bind_int64(lane, 7, frame.Sequence);
        Step(database, lane);
    }

    private static void Step(sqlite3 database, sqlite3_stmt statement)
    {
        if (raw.sqlite3_step(statement) != raw.SQLITE_DONE) throw new InvalidOperationException(raw.sqlite3_errmsg(database).utf8_to_string());
        raw.sqlite3_reset(statement);
    }

    private static void Check(int code)
    {
        if (code != raw.SQLITE_OK) throw new InvalidOperationException($"SQLite returned {code}.");
    }
}
