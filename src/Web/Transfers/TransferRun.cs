using SensorDash.Data.Transfer;
using SensorDash.Web.Operations;

namespace SensorDash.Web.Transfers;

/// <summary>A verification with its report.</summary>
/// <param name="Report">What was found.</param>
/// <param name="Path">Path of the report without its ending.</param>
/// <param name="RejectsPath">The file of rejected rows; null without any.</param>
internal sealed record TransferOutcome(TransferReport Report, string Path, string? RejectsPath);

/// <summary>The steps of a transfer between two open sides, for the command and for the server.</summary>
internal sealed class TransferRun(ITransferSource source, ITransferTarget target, TransferArguments arguments, TimeProvider clock, Action<TransferStep> progress)
{
    private IReadOnlyDictionary<TransferPart, CopiedChunks>? _copied;

    /// <summary>Copies what is missing.</summary>
    /// <exception cref="TransferException">It cannot go on; the message states the reason and the fix.</exception>
    public async Task<TransferRecord> CopyAsync(bool follows, RejectLog rejects, CancellationToken cancellationToken)
    {
        var runner = new TransferRunner(source, target, arguments.Options with { Follows = follows }, clock, progress);
        var record = await runner.RunAsync(rejects, cancellationToken);
        _copied = runner.Copied;
        return record;
    }

    /// <summary>The transfer of these arguments, complete.</summary>
    /// <exception cref="TransferException">There is none, or it is not finished.</exception>
    public async Task<TransferRecord> FindAsync(CancellationToken cancellationToken)
    {
        var ledger = new TransferLedger(target.RunLedgerAsync);
        await ledger.PrepareAsync(cancellationToken);
        var record = (await ledger.ListAsync(cancellationToken)).LastOrDefault(r => r.IsOf(source, arguments.Options) && r.State != TransferState.Abandoned)
            ?? throw new TransferException($"{target.Name} has no transfer from {source.Name} in this range. 'transfer list' shows those it has.");
        return record.State != TransferState.Copying ? record : throw new TransferException($"Transfer {record.Id} is not finished. 'transfer run' with the same arguments goes on.");
    }

    /// <summary>Compares both sides; a source that goes on being written as far as the target has it.</summary>
    public async Task<TransferOutcome> VerifyFollowedAsync(TransferRecord record, RejectLog rejects, CancellationToken cancellationToken)
    {
        if (source is IFollowedFile file && record.RowIds is not null) await new FileFollower(file, target, record, rejects, clock).LimitSourceAsync(cancellationToken);
        await source.PrepareAsync(rejects, cancellationToken);
        var applier = source is StoreSource store && record.Start is not null ? new BatchApplier(store.Parts, target, record.Id, clock) : null;
        return await VerifyAsync(record, rejects, applier, cancellationToken);
    }

    /// <summary>Compares both sides of a prepared source, and writes the report.</summary>
    public async Task<TransferOutcome> VerifyAsync(TransferRecord record, RejectLog rejects, BatchApplier? applier, CancellationToken cancellationToken)
    {
        var verifier = new TransferVerifier(source, target, clock, progress, applier, _copied);
        var report = await verifier.RunAsync(record, rejects, $"SensorDash {BuildInfo.Version}", cancellationToken);
        rejects.Flush();
        var path = arguments.ReportPath(record.Id);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(path + ".json", report.ToJson(), cancellationToken);
        await File.WriteAllTextAsync(path + ".txt", report.ToText(), cancellationToken);
        return new(report, path, rejects.Path);
    }
}
