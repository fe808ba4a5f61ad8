using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.Extensions.Options;
using SensorDash.Data.Access;
using SensorDash.Data.Analytics;
using SensorDash.Data.DuckDb.Queries;
using SensorDash.Data.Events;
using SensorDash.Data.Ingest;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Retention;
using SensorDash.Data.Scrub;
using SensorDash.Data.Storage;
using SensorDash.Web.Backups;
using SensorDash.Web.Damage;
using SensorDash.Web.Operations;
using SensorDash.Web.Operations.Figures;
using SensorDash.Web.Pages.Display;
using SensorDash.Web.Security;
using SensorDash.Web.Transfers;

namespace SensorDash.Web.Pages.SystemStatus;

/// <summary>Ingest of one type of rows.</summary>
/// <param name="Type">Readings or events.</param>
internal sealed record Intake(string Type, IngestStatus Status, IngestRates Rates, int Queued, int Capacity);

/// <summary>The state of the hub: ingest, stores, analytics, retention and the process.</summary>
[Need(Need.Viewer)]
internal sealed class SystemModel(
    IEnumerable<IStoreReporter> reporters, INodeStore nodes, IngestWorker<Reading> readings, WriteBuffer<Reading> readingBuffer, IngestWorker<LaneEvent> events,
    WriteBuffer<LaneEvent> eventBuffer, RejectedRows rejections, IStoreStartup startup, AuditTrail audit, DamageJobs damages, IDuckDbSource duckDb, DualWrite dualWrite, TransferControl transfers,
    RetentionPreview retention, RetentionRules rules, RetentionClock retentionClock, ScrubWorker scrub, FigureHistory figures, FigureGauges gauges, SystemWatch watch, IOptions<IngestOptions> ingest, TimeProvider clock, ILogger<SystemModel> logger) : PageModel
{
    /// <summary>Groups of rejected rows that the page shows; the files have all.</summary>
    public const int RejectedOnPage = 20;

    /// <summary>Findings of the scrub that the page shows; the file has more.</summary>
    public const int FindingsOnPage = 20;

    // The page is fetched again and again.
    private static readonly TimeSpan _retentionLimit = TimeSpan.FromSeconds(3);

    public ViewSettings View { get; private set; } = null!; // The rest is set before the page renders.
    public IReadOnlyList<Intake> Intakes { get; private set; } = [];
    public IReadOnlyList<StoreReport> Stores { get; private set; } = [];
    public AnalyticsStatus? Analytics { get; private set; }

    /// <summary>Groups of rejected rows, the largest first.</summary>
    public IReadOnlyList<RejectedGroup> Rejected { get; private set; } = [];

    /// <summary>Damage of the former database that waits for a decision; null without.</summary>
    public StoreDamage? Damage => startup.Damage;

    /// <summary>The error of an unavailable store; null without one.</summary>
    public string? Error { get; private set; }

    /// <summary>The role of the store; null while it is unavailable.</summary>
    public StoreState? Role { get; private set; }

    /// <summary>The scrub in the background.</summary>
    public ScrubWorker Scrub => scrub;

    public DualWriteStatus DualWrite => dualWrite.Status;

    public long Now => clock.GetUtcNow().ToUnixTimeSeconds();

    public long NodeCount { get; private set; }

    public int MaxNodes => ingest.Value.MaxNodes;

    public long ReadingCount { get; private set; }

    /// <summary>What retention deletes, by setting that is not the default; null if it takes too long to count.</summary>
    public IReadOnlyList<RetentionLine>? Retention { get; private set; } = [];

    /// <summary>Why retention waits for the clock; null if it does not.</summary>
    public RetentionWait? RetentionWait => rules.Waiting;

    /// <summary>Settings that name what does not exist.</summary>
    public IReadOnlyList<string> RetentionErrors => rules.Errors;

    /// <summary>The figures of the last hours.</summary>
    public Measures Measures { get; private set; } = null!;

    public IReadOnlyList<Measure> Charts { get; private set; } = [];

    /// <summary>Whether the figures are shown as a table.</summary>
    public bool IsTable { get; private set; }

    public SystemState State { get; private set; } = null!;

    /// <summary>Null before there is a day of data.</summary>
    public StoragePlot? StoragePlot { get; private set; }

    /// <summary>The most urgent first.</summary>
    public IReadOnlyList<SystemWarning> Warnings { get; private set; } = [];

    public TimeSpan Uptime => clock.GetUtcNow() - Process.GetCurrentProcess().StartTime.ToUniversalTime();

    /// <summary>The URL of the place where a warning can be dealt with.</summary>
    public string LinkOf(WarningAction action)
    {
        var parts = action.Path.Split('#');
        return View.CurrentUrl.At(parts[0]) + (parts.Length > 1 ? "#" + parts[1] : "");
    }

    /// <summary>The owner goes on without the damaged database; its files stay.</summary>
    [Need(Need.Admin)]
    public async Task<IActionResult> OnPostGoOnAsync(CancellationToken cancellationToken)
    {
        if (damages.Dismiss() is { } damage)
        {
            await audit.WriteAsync(HttpContext, AuditAction.StoreGoOn, damage.Aside, AuditOutcome.Done, damage.Found, cancellationToken);
            TempData["Notice"] = $"The hub goes on without the damaged database. Its file stays: {Path.GetFileName(damage.Aside)}";
        }
        return LocalRedirect(ViewSettings.Of(HttpContext).CurrentUrl.ToString());
    }

    /// <summary>Somebody has looked at the clock: retention goes on.</summary>
    [Need(Need.Admin)]
    public async Task<IActionResult> OnPostConfirmClockAsync(CancellationToken cancellationToken)
    {
        if (retentionClock.Confirm())
        {
            await audit.WriteAsync(HttpContext, AuditAction.ClockConfirm, null, AuditOutcome.Done, null, cancellationToken);
            TempData["Notice"] = "The clock is confirmed. Retention goes on with its next run, within the hour.";
        }
        return LocalRedirect(ViewSettings.Of(HttpContext).CurrentUrl.ToString());
    }

    /// <summary>Restores the latest good backup from before the damage.</summary>
    [Need(Need.Admin)]
    public IActionResult OnPostRestore(string? typedText) => Repair(RepairKind.Restore, typedText);

    /// <summary>Salvages what can be read of the damaged database.</summary>
    [Need(Need.Admin)]
    public IActionResult OnPostSalvage(string? typedText) => Repair(RepairKind.Salvage, typedText);

    private LocalRedirectResult Repair(RepairKind kind, string? typedText)
    {
        var word = kind.ToString().ToLowerInvariant();
        var refusal = typedText?.Trim() != word ? $"type {word} to confirm" : damages.TryStart(kind, BackupActor.Of(HttpContext));
        if (refusal is not null) TempData["Notice"] = $"Refused: {refusal}.";
        return LocalRedirect(ViewSettings.Of(HttpContext).CurrentUrl.ToString());
    }

    /// <summary>A table as a file.</summary>
    public async Task<IActionResult> OnGetTableAsync(string? table, string? format, CancellationToken cancellationToken)
    {
        if (table is not ("figures" or "storage" or "ingest" or "rejected" or "stores" or "retention" or "scrub")) return NotFound();
        await OnGetAsync(cancellationToken);
        var file = new CsvTable();
        if (table == "figures")
        {
            file.AddRow(["time", .. FigureColumn.All.Select(c => c.Name)]);
            foreach (var (time, sample) in Measures.Rows) file.AddRow([ClockText.Utc(time), .. FigureColumn.All.Select(c => CsvTable.Number((decimal?)sample[c.Figure], c.Format))]);
            return TableFiles.Send(file, format, "sensordash_figures.csv");
        }
        if (table == "storage")
        {
            file.AddRow(["day", "written_bytes", "files_bytes", "server_bytes"]);
            foreach (var day in State.Days) file.AddRow([day.Day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), day.Written, day.Last?.Files, day.Last?.Server]);
            return TableFiles.Send(file, format, "sensordash_storage.csv");
        }
        if (table == "ingest")
        {
            file.AddRow(["type", "rows_per_second", "commit_p50_ms", "commit_p95_ms", "commit_p99_ms", "queued", "capacity", "stored_since_startup"]);
            foreach (var (type, status, rates, queued, capacity) in Intakes)
                file.AddRow([type, .. new[] { (decimal)rates.RowsPerSecond, (decimal?)rates.P50, (decimal?)rates.P95, (decimal?)rates.P99 }.Select(n => CsvTable.Number(n, "0.00")), queued, capacity, status.RowsCommitted]);
            return TableFiles.Send(file, format, "sensordash_ingest.csv");
        }
        if (table == "rejected")
        {
            file.AddRow(["kind", "sender", "sent_by", "field", "latest_error", "rows", "first", "latest"]);
            foreach (var g in Rejected) file.AddRow([g.Kind, g.Sender, g.Origin, g.Field, g.LatestError, g.Count, ClockText.Utc(g.First), ClockText.Utc(g.Last)]);
            return TableFiles.Send(file, format, "sensordash_rejected.csv");
        }
        if (table == "scrub")
        {
            file.AddRow(["kind", "table", "row", "problem", "stored", "expected", "advice"]);
            foreach (var f in (scrub.Record.Running is { FindingCount: > 0 } running ? running : scrub.Record.Last)?.Findings ?? []) file.AddRow([ScrubReport.Name(f.Kind), f.Table, f.Row, f.Problem, f.Stored, f.Expected, f.Advice]);
            return TableFiles.Send(file, format, "sensordash_scrub.csv");
        }
        if (Error is not null) return StatusCode(StatusCodes.Status503ServiceUnavailable);
        if (table == "retention")
        {
            file.AddRow(["setting", "days", "rows_due", "bytes_due_estimated", "kept_from", "oldest"]);
            foreach (var line in Retention ?? [])
                file.AddRow([line.Setting, line.Days, line.Rows, line.Bytes, line.KeptFrom is { } from ? ClockText.Utc(from) : null, line.Oldest is { } oldest ? ClockText.Utc(oldest) : null]);
            return TableFiles.Send(file, format, "sensordash_retention.csv");
        }
        file.AddRow(["store", "version", "size_bytes", "busy_connections", "max_connections", "partitions", "compressed_partitions", "compression_ratio", "location"]);
        foreach (var report in Stores)
            file.AddRow([report.Engine, report.Version, report.SizeBytes, report.Pool?.Busy, report.Pool?.Max, report.Parts?.Count, report.Parts?.Compressed,
                CsvTable.Number((decimal?)report.Parts?.CompressionRatio, "0.00"), report.Place]);
        return TableFiles.Send(file, format, "sensordash_stores.csv");
    }

    public async Task OnGetAsync(CancellationToken cancellationToken)
    {
        View = ViewSettings.Of(HttpContext);
        IsTable = Request.Query["view"] == "table";
        Measures = new(figures.Read(), gauges.Read(), Now, View.Zone);
        Charts = Measures.Charts(readingBuffer.Capacity);
        (State, Warnings) = watch.Look();
        StoragePlot = StoragePlot.Of(State, View.Zone);
        Rejected = rejections.Read();
        Intakes = [
            new("readings", readings.Status, readings.ReadRates(), readingBuffer.RowsWaiting, readingBuffer.Capacity),
            new("events", events.Status, events.ReadRates(), eventBuffer.RowsWaiting, eventBuffer.Capacity)];
        try
        {
            var reports = new List<StoreReport>();
            foreach (var reporter in reporters) reports.Add(await reporter.ReadAsync(cancellationToken));
            Stores = reports;
            Role = await transfers.ReadStateAsync(cancellationToken);
            Analytics = await duckDb.ReadStatusAsync(cancellationToken);
            var all = await nodes.CountAsync(NodeCriteria.All, cancellationToken);
            (NodeCount, ReadingCount) = (all.Nodes, all.Readings);
            Retention = await ReadRetentionAsync(cancellationToken);
        }
        catch (StoreUnavailableException e)
        {
            // Administrators open this page when the store fails, so it shows everything else.
            Error = e is StoreDamagedException ? "The database is damaged: restore a backup. The log says what was found." : "The database is unavailable. The log says why.";
            Log.RequestFailed(logger, Request.Method, Request.Path, e);
        }
    }

    private async Task<IReadOnlyList<RetentionLine>?> ReadRetentionAsync(CancellationToken cancellationToken)
    {
        if (!rules.Options.Readings.IsOn && !rules.Options.Events.IsOn) return [];
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_retentionLimit);
        try
        {
            return [.. (await retention.ReadAsync(0, limit.Token)).Where(line => line.IsChosen)];
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }
}
