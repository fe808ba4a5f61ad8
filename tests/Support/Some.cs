using SensorDash.Data.Events;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Tests.Support;

/// <summary>Readings for tests that use only some of their fields.</summary>
public static class Some
{
    public const long Noon = ManualTime.Noon;

    public static Reading Reading(
        int node = 12, long time = Noon, short? temperature = 2534, short? humidity = 6521, uint flags = 0, long? receivedAt = null, ulong? deviceId = null)
        => new(node, time, temperature, humidity, flags, receivedAt ?? time + 1, deviceId);

    /// <summary>Readings of one node at equal intervals, the last one at <paramref name="until"/>.</summary>
    public static Reading[] Run(int node, int count, long until = Noon, long interval = 30)
        => [.. Enumerable.Range(0, count).Select(i => Reading(node, until - ((count - 1 - i) * interval), (short)(2000 + (i % 500)), (short)(4000 + (i % 900))))];

    /// <summary>Adds readings and returns the number of new ones.</summary>
    public static Task<int> AddAsync(this IReadingStore store, params Reading[] readings)
        => store.AppendAsync(readings, new RowOutcome[readings.Length], CancellationToken.None);

    /// <summary>Adds readings like the worker: retries while the store is temporarily unavailable.</summary>
    public static Task<int> AddWithRetryAsync(this IReadingStore store, params Reading[] readings)
        => WaitFor.RetryWhileUnavailableAsync("the store adds the readings", () => store.AddAsync(readings));

    /// <summary>All readings that the filter selects, page by page.</summary>
    public static async Task<List<Reading>> AllAsync(
        this IReadingStore store, ReadingOrder order = ReadingOrder.NewestFirst, ReadingFilter filter = default)
    {
        var all = new List<Reading>();
        await foreach (var page in store.ReadPagesAsync(filter, order, CancellationToken.None)) all.AddRange(page.Span);
        return all;
    }
}
