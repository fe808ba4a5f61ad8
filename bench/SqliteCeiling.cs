using System.Diagnostics;
using SensorDash.Data.Readings;
using SQLitePCL;

namespace SensorDash.Bench;

/// <summary>The maximum rate of SQLite itself for the same rows: one prepared statement, same table, 5,000 per transaction, synchronous FULL.
/// No duplicates counted, no counters, no batch rows, no HTTP.</summary>
internal static class SqliteCeiling
{
    private const int RowsPerTransaction = 5_000;

    /// <summary>Rows per second into the migrated, empty database at <paramref name="path"/>.</summary>
    public static double Measure(string path, Reading[] readings)
    {
        Check(raw.sqlite3_open(path, out var database));
        try
        {
            Check(raw.sqlite3_exec(database, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-8192"));
            Check(raw.sqlite3_prepare_v2(database, "INSERT INTO sensor_readings VALUES (?, ?, ?, ?, ?, ?, ?)", out var insert));
            var watch = Stopwatch.StartNew();
            for (var start = 0; start < readings.Length; start += RowsPerTransaction)
            {
                Check(raw.sqlite3_exec(database, "BEGIN IMMEDIATE"));
                foreach (ref readonly var reading in readings.AsSpan(start, Math.Min(RowsPerTransaction, readings.Length - start)))
                {
                    raw.sqlite3_bind_int(insert, 1, reading.NodeAddress);
                    raw.sqlite3_bind_int64(insert, 2, reading.Timestamp);
                    raw.sqlite3_bind_int(insert, 3, reading.TemperatureCentidegrees!.Value);
                    raw.sqlite3_bind_int(insert, 4, reading.HumidityCentipercent!.Value);
                    raw.sqlite3_bind_int64(insert, 5, reading.Flags);
                    raw.sqlite3_bind_int64(insert, 6, reading.ReceivedAt);
                    raw.sqlite3_bind_int64(insert, 7, (start / RowsPerTransaction) + 1);
                    if (raw.sqlite3_step(insert) != raw.SQLITE_DONE) throw new InvalidOperationException(raw.sqlite3_errmsg(database).utf8_to_string());
                    raw.sqlite3_reset(insert);
                }
                Check(raw.sqlite3_exec(database, "COMMIT"));
            }
            insert.Dispose();
            return readings.Length / watch.Elapsed.TotalSeconds;
        }
        finally
        {
            database.Dispose();
        }
    }

    private static void Check(int code)
    {
        if (code != raw.SQLITE_OK) throw new InvalidOperationException($"SQLite returned {code}.");
    }
}
