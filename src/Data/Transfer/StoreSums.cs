using System.Globalization;

namespace SensorDash.Data.Transfer;

/// <summary>Number and hash of all rows of a store, from its batch tables: every commit adds the rows it brought and subtracts those it deleted (ADR 0024).</summary>
/// <param name="Readings">Number of readings.</param>
/// <param name="ReadingsHash">Sum of their hashes modulo 2⁶⁴.</param>
/// <param name="Events">Number of events; 0 if the store has none.</param>
/// <param name="EventsHash">Sum of their hashes modulo 2⁶⁴.</param>
public readonly record struct StoreSums(long Readings, long ReadingsHash, long Events, long EventsHash)
{
    private const int Step = 20_000;

    /// <summary>Reads the sums.</summary>
    /// <param name="store">The store.</param>
    /// <param name="withEvents">Whether its events count too.</param>
    /// <param name="cancellationToken">Cancels the queries.</param>
    public static async Task<StoreSums> ReadAsync(StoreParts store, bool withEvents, CancellationToken cancellationToken)
    {
        var (readings, readingsHash) = await SumAsync(store, "row_count", "ingest_batches", cancellationToken);
        if (!withEvents) return new(readings, readingsHash, 0, 0);
        var (events, eventsHash) = await SumAsync(store, "event_count", "event_batches", cancellationToken);
        var removed = (await store.Query("SELECT removed_events, removed_events_hash FROM store_info", cancellationToken))[0]; // Events have no batches of removals.
        return new(readings, readingsHash, events - Number(removed[0]), unchecked(eventsHash - Number(removed[1])));
    }

    // Hashes add up modulo 2⁶⁴, which no engine's sum does.
    private static async Task<(long Rows, long Hash)> SumAsync(StoreParts store, string count, string table, CancellationToken cancellationToken)
    {
        var (after, rows, hash) = (0L, 0L, 0L);
        while (true)
        {
            var batches = await store.Query(string.Create(CultureInfo.InvariantCulture,
                $"SELECT id, {count}, rows_hash FROM {table} WHERE id > {after} ORDER BY id LIMIT {Step}"), cancellationToken);
            foreach (var batch in batches) (after, rows, hash) = (Number(batch[0]), rows + Number(batch[1]), unchecked(hash + Number(batch[2])));
            if (batches.Count < Step) return (rows, hash);
        }
    }

    private static long Number(object? value) => Convert.ToInt64(value, CultureInfo.InvariantCulture);
}
