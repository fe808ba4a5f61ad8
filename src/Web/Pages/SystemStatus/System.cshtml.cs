using System.Diagnostics;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.Extensions.Options;
using SensorDash.Data.Analytics;
using SensorDash.Data.DuckDb.Queries;
using SensorDash.Data.Events;
using SensorDash.Data.Ingest;
using SensorDash.Data.Readings;
using SensorDash.Data.Retention;
using SensorDash.Data.Storage;
using SensorDash.Web.Pages.Display;

namespace SensorDash.Web.Pages.SystemStatus;

/// <summary>How rows of one kind come in.</summary>
/// <param name="Rows">What they are.</param>
internal sealed record Intake(string Rows, IngestStatus Status, IngestRates Rates, int Waiting, int Capacity);

/// <summary>How the hub itself is doing: ingest, stores, analytics, retention, the process.</summary>
internal sealed class SystemModel(
    IEnumerable<IStoreReporter> reporters, IReadingStore store, ReadingWorker readings, WriteBuffer<Reading> readingBuffer, EventWorker events,
    WriteBuffer<LaneEvent> eventBuffer, IDuckDbSource duckDb,
    IOptions<RetentionOptions> retention, TimeProvider clock) : PageModel
{
    public ViewSettings View { get; private set; } = null!; // The rest is set before the page renders.
    public IReadOnlyList<Intake> Intakes { get; private set; } = [];
    public IReadOnlyList<StoreReport> Stores { get; private set; } = [];
    public AnalyticsStatus? Analytics { get; private set; }

    /// <summary>What was said when the store could not be asked.</summary>
    public string? Error { get; private set; }

    public int KeptDays => retention.Value.ReadingDays;

    /// <summary>Readings, and those of them that the next run of retention removes.</summary>
    public (long All, long Due) Readings { get; private set; }

    public TimeSpan Uptime => clock.GetUtcNow() - Process.GetCurrentProcess().StartTime.ToUniversalTime();
    public static long WorkingSet => Environment.WorkingSet;
    public static long Managed => GC.GetTotalMemory(forceFullCollection: false);

    public async Task OnGetAsync(CancellationToken cancellationToken)
    {
        View = ViewSettings.Of(HttpContext);
        Intakes = [
            new("readings", readings.Status, readings.ReadRates(), readingBuffer.RowsWaiting, readingBuffer.Capacity),
            new("events", events.Status, events.ReadRates(), eventBuffer.RowsWaiting, eventBuffer.Capacity)];
        try
        {
            var reports = new List<StoreReport>();
            foreach (var reporter in reporters) reports.Add(await reporter.ReadAsync(cancellationToken));
            Stores = reports;
            Analytics = await duckDb.ReadStatusAsync(cancellationToken);
            var all = await store.CountAsync(default, cancellationToken);
            var before = new DateTimeOffset(clock.GetUtcNow().UtcDateTime.Date.AddDays(-KeptDays), TimeSpan.Zero).ToUnixTimeSeconds();
            Readings = (all, KeptDays == 0 ? 0 : await store.CountAsync(new(null, new(null, before - 1)), cancellationToken));
        }
        catch (StoreUnavailableException e)
        {
            Error = e.Message; // The page is for such moments: what needs no store is shown all the same.
        }
    }
}
