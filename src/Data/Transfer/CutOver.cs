using System.Data.Common;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Transfer;

/// <summary>One store of a cut-over. This process holds it and writes nothing to it meanwhile.</summary>
/// <param name="Store">The store.</param>
/// <param name="Address">Its address, as the other store notes it; never a password.</param>
public sealed record CutOverSide(ITransferTarget Store, string Address)
{
    internal StoreParts Parts => ((StoreSource)Store).Parts;

    internal IStoreRoles Roles => Parts.Roles;
}

/// <summary>Where a cut-over stands.</summary>
public enum CutOverStep
{
    /// <summary>The last commits are applied, and both stores are equal.</summary>
    Equal,

    /// <summary>The old primary is retired: it takes nothing. Until the new one is promoted, a start undoes this.</summary>
    Retired,

    /// <summary>The old primary's ledger says from where it will follow the new one.</summary>
    ReverseNoted,

    /// <summary>The new primary is promoted: from here on the cut-over is complete, whatever happens.</summary>
    Promoted,

    /// <summary>The old primary is the secondary.</summary>
    Reversed,
}

/// <summary>Swaps the roles of a primary and its secondary (ADR 0032).</summary>
/// <remarks>Each step is a transaction of its own in one of the two stores, so at every moment at most one is the primary, and a start with either settings knows which: a retired store
/// whose successor is not promoted goes back to being the primary.</remarks>
/// <param name="from">The primary.</param>
/// <param name="to">Its secondary.</param>
/// <param name="scope">What moves.</param>
/// <param name="clock">For times in the ledger.</param>
/// <param name="reached">Called after each step.</param>
public sealed class CutOver(CutOverSide from, CutOverSide to, StoreScope scope, TimeProvider clock, Action<CutOverStep>? reached = null)
{
    /// <summary>Runs the steps.</summary>
    /// <param name="transfer">The transfer in the ledger of the secondary that follows the primary; null if none does, and the stores must be equal already.</param>
    /// <param name="isBack">Whether it is a way back: the new primary counts as one that always was.</param>
    /// <param name="cancellationToken">Effective until the new primary is promoted; the roles are as before then.</param>
    /// <exception cref="TransferException">It must not go on; the message states the reason. The roles are as before.</exception>
    /// <exception cref="StoreUnavailableException">A store is unavailable; the roles are as before, or a start with the old settings makes them so.</exception>
    public async Task RunAsync(long? transfer, bool isBack, CancellationToken cancellationToken)
    {
        var (old, next) = (await from.Roles.ReadAsync(scope, cancellationToken), await to.Roles.ReadAsync(scope, cancellationToken));
        if (old.Role != StoreRole.Primary) throw new TransferException($"{from.Address} is {Text(old.Role)}, not the primary.");
        if (next.Role != StoreRole.Secondary || next.Successor != from.Address) throw new TransferException($"{to.Address} is not the secondary of {from.Address}.");
        var applier = transfer is { } id ? new BatchApplier(from.Parts, to.Store, id, clock) : null;
        if (applier is not null) await applier.CatchUpAsync(cancellationToken);
        await ThrowIfDifferentAsync(cancellationToken);
        reached?.Invoke(CutOverStep.Equal);
        await from.Roles.WriteAsync(scope, old with { Role = StoreRole.Retired, Successor = to.Address }, null, cancellationToken);
        try
        {
            reached?.Invoke(CutOverStep.Retired);
            // Another process may have written to the same database until then; now nobody can.
            if (applier is not null) await applier.CatchUpAsync(cancellationToken);
            await ThrowIfDifferentAsync(cancellationToken);
            var epoch = await from.Roles.ReadEpochAsync(cancellationToken);
            await NoteReverseAsync(epoch, cancellationToken);
            reached?.Invoke(CutOverStep.ReverseNoted);
            await to.Roles.WriteAsync(scope, new(StoreRole.Primary, from.Address, isBack ? null : clock.NowMicroseconds()), epoch, cancellationToken);
        }
        catch (Exception e) when (e is TransferException or StoreUnavailableException or DbException or OperationCanceledException)
        {
            // Whether the promotion was committed is uncertain after an error.
            if (await TryUndoAsync(from.Roles, to.Roles, scope, CancellationToken.None)) throw;
        }
        reached?.Invoke(CutOverStep.Promoted);
        await TryReverseAsync(applier);
    }

    /// <summary>Ends dual-write: retires the secondary, and removes the ledgers of both stores.</summary>
    /// <exception cref="StoreUnavailableException">A store is unavailable; do it again.</exception>
    public static async Task FinishAsync(CutOverSide primary, CutOverSide secondary, StoreScope scope, CancellationToken cancellationToken)
    {
        var state = await primary.Roles.ReadAsync(scope, cancellationToken);
        await secondary.Roles.WriteAsync(scope, new(StoreRole.Retired, primary.Address), null, cancellationToken);
        await primary.Roles.WriteAsync(scope, state with { Successor = null, PromotedAt = null }, null, cancellationToken);
        foreach (var side in (CutOverSide[])[secondary, primary]) await new TransferLedger(side.Store.RunLedgerAsync).RemoveAsync(cancellationToken);
    }

    // Dual-write of the new primary does the same when it begins.
    private async Task TryReverseAsync(BatchApplier? applier)
    {
        try
        {
            await from.Roles.WriteAsync(scope, new(StoreRole.Secondary, to.Address), null, CancellationToken.None);
            reached?.Invoke(CutOverStep.Reversed);
            if (applier is not null) await applier.EndAsync(CancellationToken.None);
        }
        catch (Exception e) when (e is StoreUnavailableException or DbException)
        {
            // It is complete all the same; the old primary is retired.
        }
    }

    /// <summary>Makes a retired store the primary again if its successor is still its secondary: a cut-over was interrupted before it was complete.</summary>
    /// <param name="retired">The roles of the retired store, which this process holds.</param>
    /// <param name="successor">The roles of its successor.</param>
    /// <param name="scope">What moves.</param>
    /// <param name="cancellationToken">Effective until the commit is sent.</param>
    /// <returns>Whether it is the primary again.</returns>
    public static async Task<bool> TryUndoAsync(IStoreRoles retired, IStoreRoles successor, StoreScope scope, CancellationToken cancellationToken)
    {
        if ((await successor.ReadAsync(scope, cancellationToken)).Role != StoreRole.Secondary) return false;
        await retired.WriteAsync(scope, await retired.ReadAsync(scope, cancellationToken) with { Role = StoreRole.Primary }, null, cancellationToken);
        return true;
    }

    private async Task ThrowIfDifferentAsync(CancellationToken cancellationToken)
    {
        var withEvents = scope == StoreScope.All;
        var (ours, theirs) = (await StoreSums.ReadAsync(from.Parts, withEvents, cancellationToken), await StoreSums.ReadAsync(to.Parts, withEvents, cancellationToken));
        if (ours != theirs)
        {
            throw new TransferException(FormattableString.Invariant(
                $"The stores differ: {ours.Readings} readings with hash {TransferReport.Hex(ours.ReadingsHash)} and {ours.Events} events with hash {TransferReport.Hex(ours.EventsHash)} in {from.Address}, ")
                + FormattableString.Invariant($"{theirs.Readings} with {TransferReport.Hex(theirs.ReadingsHash)} and {theirs.Events} with {TransferReport.Hex(theirs.EventsHash)} in {to.Address}. 'transfer verify' names the rows."));
        }
        if (withEvents && await HeadAsync(from, cancellationToken) != await HeadAsync(to, cancellationToken))
            throw new TransferException($"The newest event of {from.Address} is not that of {to.Address}.");
    }

    private static async Task<long> HeadAsync(CutOverSide side, CancellationToken cancellationToken) => (await side.Parts.Events!.ReadHeadAsync(cancellationToken)).Position;

    // In the ledger of the old primary, before the new one can take anything: nothing is missed, whenever the following begins.
    private async Task NoteReverseAsync(string epoch, CancellationToken cancellationToken)
    {
        var ledger = new TransferLedger(from.Store.RunLedgerAsync);
        await ledger.PrepareAsync(cancellationToken);
        var id = (await ledger.ListAsync(cancellationToken)).Select(r => r.Id).DefaultIfEmpty().Max() + 1;
        var start = await new BatchApplier(to.Parts, from.Store, id, clock).BeginAsync(cancellationToken);
        if (scope == StoreScope.Readings) start = start with { Events = null };
        else if (start.Events is { } events) start = start with { Events = events with { Epoch = epoch } };
        await ledger.AddAsync(new()
        {
            Id = id,
            SourceKind = to.Store.Kind,
            Source = to.Store.Name,
            Target = from.Store.Name,
            State = TransferState.Verified,
            StartedAt = clock.NowMicroseconds(),
            CopiedAt = clock.NowMicroseconds(),
            VerifiedAt = clock.NowMicroseconds(),
            Readings = TransferRange.All,
            Events = TransferRange.All,
            Start = start,
        }, cancellationToken);
    }

    private static string Text(StoreRole role) => role.ToString().ToLowerInvariant();
}
