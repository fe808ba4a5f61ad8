using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;
using SensorDash.Web.Commands.Transfer;

namespace SensorDash.Web.Transfers;

/// <summary>A primary of this host and its open secondary.</summary>
internal sealed class DualWritePair(OwnStores own, StoreScope scope, ITransferTarget source, ITransferTarget target, TransferAddress address)
{
    public ITransferTarget Target => target;

    public TransferAddress Address => address;

    public StoreParts SourceParts => ((StoreSource)source).Parts;

    public StoreParts TargetParts => ((StoreSource)target).Parts;

    public bool WithEvents => scope == StoreScope.All;

    /// <summary>Makes the target the secondary of this store, if it may be.</summary>
    /// <exception cref="TransferException">It has data or a role of its own.</exception>
    public async Task PrepareRolesAsync(CancellationToken cancellationToken)
    {
        var (ours, theirs) = (await own.Roles(scope).ReadAsync(scope, cancellationToken), await TargetParts.Roles.ReadAsync(scope, cancellationToken));
        var isOurs = StoreSettings.IsSame(theirs.Successor, own.Readings);
        switch (theirs.Role)
        {
            case StoreRole.Secondary when isOurs: break;
            // A cut-over that was interrupted after the promotion.
            case StoreRole.Retired when isOurs && StoreSettings.IsSame(ours.Successor, address): break;
            case StoreRole.Primary:
                var contents = await target.InspectAsync(cancellationToken);
                if (contents is { Readings: not (null or 0) } or { Events: not (null or 0) } && !(scope == StoreScope.Readings && contents.Readings is null or 0))
                    throw new TransferException($"{address.Text} has data of its own and is a primary. Choose an empty store as Transfer:Secondary.");
                break;
            default:
                throw new TransferException(theirs.Role == StoreRole.Secondary
                    ? $"{address.Text} is the secondary of {theirs.Successor}. Choose another store as Transfer:Secondary, or end that dual-write with 'transfer finish'."
                    : $"{address.Text} is retired: its data is in {theirs.Successor}. Remove Transfer:Secondary, or choose a new store.");
        }
        if (theirs != new StoreState(StoreRole.Secondary, own.Readings.Text)) await TargetParts.Roles.WriteAsync(scope, new(StoreRole.Secondary, own.Readings.Text), null, cancellationToken);
        if (ours.Successor != address.Text) await own.Roles(scope).WriteAsync(scope, ours with { Successor = address.Text }, null, cancellationToken);
    }

    /// <summary>Copies the history, unless that is complete.</summary>
    /// <returns>The transfer in the ledger of the target.</returns>
    public async Task<TransferRecord> CopyAsync(TimeProvider clock, Action<TransferStep> progress, CancellationToken cancellationToken)
    {
        var ledger = new TransferLedger(target.RunLedgerAsync);
        await ledger.PrepareAsync(cancellationToken);
        var options = new TransferOptions { Follows = true };
        var known = (await ledger.ListAsync(cancellationToken)).LastOrDefault(r => r.IsOf(source, options));
        if (known is { State: not TransferState.Copying }) return known;
        using var rejects = new RejectLog(null, isStrict: true);
        return await new TransferRunner(source, target, options, clock, progress).RunAsync(rejects, cancellationToken);
    }
}
