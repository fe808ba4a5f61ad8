using SensorDash.Data.Events;
using SensorDash.Data.Transfer;
using SensorDash.Web.Pages.Display;
using SensorDash.Web.Transfers;

namespace SensorDash.Web.Pages.Move;

/// <summary>A transfer into a store of this server.</summary>
/// <param name="Target">Name of the store.</param>
/// <param name="File">Name of its source in the import folder; null if it is not there.</param>
/// <param name="IsStale">Whether the source has changed since it was verified.</param>
/// <param name="HasReport">Whether its report is there.</param>
internal sealed record PastTransfer(TransferRecord Record, long Readings, long Events, string Target, string? File, bool IsStale, bool HasReport)
{
    /// <summary>Whether it is dual-write, whose rows come in batches too.</summary>
    public bool IsDualWrite => Record.Start is not null;
}

/// <summary>The transfers into the stores of this server, from their ledgers.</summary>
internal sealed class MoveHistory(ServerStores stores, ImportFolder folder, TransferJobs jobs)
{
    // The newest; a ledger keeps all.
    private const int MaxListed = 50;

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<PastTransfer>> ReadAsync(CancellationToken cancellationToken)
    {
        var past = new List<PastTransfer>();
        foreach (var address in stores.Targets)
        {
            await using var store = stores.OpenOwn(address);
            var name = stores.NameOf(address);
            foreach (var (record, readings, events) in await ((StoreSource)store).ReadTransfersAsync(cancellationToken))
                past.Add(new(record, readings.Rows, events.Rows, name, FileOf(record), IsStale(record), FindReport(name, record.Id) is not null));
        }
        return [.. past.OrderByDescending(p => p.Record.StartedAt).Take(MaxListed)];
    }

    /// <summary>The path of a report.</summary>
    /// <param name="of">Name of the target.</param>
    /// <param name="id">The transfer.</param>
    public string? FindReport(string? of, long id)
    {
        // Of a name that is known: nothing of the request becomes part of the path but the number.
        var address = stores.Targets.FirstOrDefault(t => stores.NameOf(t) == of) ?? (jobs.Current is { Kind: TransferJobKind.Compare } job && job.Target == of ? job.Arguments.To : null);
        if (address is null) return null;
        var path = new TransferArguments(address, address, new()) { ReportFolder = stores.ReportFolder }.ReportPath(id) + ".json";
        return File.Exists(path) ? path : null;
    }

    /// <summary>Gives up a transfer that is not finished: what is copied stays, and another one may begin.</summary>
    /// <returns>False when there is no such transfer.</returns>
    public async Task<bool> AbandonAsync(string? of, long id, CancellationToken cancellationToken)
    {
        if (stores.Targets.FirstOrDefault(t => stores.NameOf(t) == of) is not { } address) return false;
        await using var target = stores.OpenOwn(address);
        return await TransferRunner.AbandonAsync(target, id, cancellationToken) is not null;
    }

    public static CsvTable TableOf(IEnumerable<PastTransfer> past)
    {
        var table = new CsvTable();
        table.AddRow(["transfer", "kind", "state", "source", "target", "readings", "events", "rejected", "started_at", "verified_at", "stale"]);
        foreach (var each in past)
        {
            var record = each.Record;
            table.AddRow([record.Id, each.IsDualWrite ? "dual-write" : "copy", record.State.ToString().ToLowerInvariant(), record.Source, each.Target, each.IsDualWrite ? null : each.Readings, each.IsDualWrite ? null : each.Events, record.Rejects,
                EventTime.Format(record.StartedAt), record.VerifiedAt is { } at ? EventTime.Format(at) : null, each.IsStale ? "yes" : "no"]);
        }
        return table;
    }

    private string? FileOf(TransferRecord record)
        => folder.Path is { } path && Path.GetDirectoryName(record.Source) == path && File.Exists(record.Source) ? Path.GetFileName(record.Source) : null;

    // A file has no head that could be compared; what was written to it later is not verified.
    private static bool IsStale(TransferRecord record)
    {
        if (record.Start is not null || record.VerifiedAt is not { } verified || !Path.IsPathRooted(record.Source) || !File.Exists(record.Source)) return false;
        var written = new[] { record.Source, record.Source + "-wal" }.Where(File.Exists).Max(File.GetLastWriteTimeUtc);
        return new DateTimeOffset(written, TimeSpan.Zero) > DateTimeOffset.UnixEpoch.AddMicroseconds(verified);
    }
}
