using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;
using SensorDash.Web.Commands.Transfer;

namespace SensorDash.Web.Transfers;

/// <summary>What users and commands do with dual-write: cut over, go back, finish.</summary>
internal sealed class TransferControl(
    DualWrite dualWrite, OwnStores own, ServerStores stores, TransferMoves moves, IStoreStartup startup, IHostApplicationLifetime lifetime, IConfiguration configuration, TimeProvider clock)
{
    // Older results say nothing about what came later; a pass over all rows follows every ten minutes.
    private static readonly TimeSpan _staleAfter = TimeSpan.FromHours(24);

    // What the swap can apply while requests wait.
    private const long MaxLagRows = 20_000;

    /// <summary>The role of this store.</summary>
    public async Task<StoreState> ReadStateAsync(CancellationToken cancellationToken)
        => await own.Roles(dualWrite.Scope).ReadAsync(dualWrite.Scope, cancellationToken);

    /// <summary>Why a cut-over or rollback must not begin now, and what to do; null if it may.</summary>
    public string? FindRefusal(StoreState state, bool isBack)
    {
        var status = dualWrite.Status;
        if (moves.IsPending) return "another move has begun";
        if (isBack && state.PromotedAt is null) return "there is nothing to go back to: this store did not take over by a cut-over";
        if (!isBack && state.PromotedAt is not null) return $"this store took over from {state.Successor} already: 'transfer rollback' goes back, 'transfer finish' ends dual-write";
        if (status.State == DualWriteState.Off) return "there is no secondary: set Transfer:Secondary to a store, which then gets all data";
        if (status.State != DualWriteState.Following)
            return $"{status.Secondary} does not follow: dual-write is {status.State.ToString().ToLowerInvariant()}{(status.Message is null ? "" : $" ({status.Message})")}; rows that it lacks would be lost";
        if (status.Comparison.Mismatches > 0) return $"{status.Secondary} differs in {status.Comparison.LastMismatch}; 'Compare row by row' under System → Move data names the rows";
        if (status.ShadowReads.Mismatches > 0) return $"{status.ShadowReads.Mismatches} reads differed on {status.Secondary}; 'Compare row by row' under System → Move data names the rows";
        if (status.VerifiedAt is not { } at) return $"{status.Secondary} is not verified yet: {status.Comparison.Rows} rows of the first pass are compared; wait until it is complete";
        if (clock.NowMicroseconds() - at > _staleAfter.WholeMicroseconds())
            return $"the verification of {status.Secondary} is stale: it is older than {_staleAfter.TotalHours:0} h; wait for the next pass";
        if (status.LagRows > MaxLagRows) return $"{status.Secondary} is {status.LagRows} rows behind; wait until it has caught up";
        return moves.CanSwitch ? null : "this server cannot change its store while it runs: stop it, run 'transfer cutover' with --from and --to, and start it with the new settings";
    }

    /// <summary>Begins a cut-over or rollback: the host ends, and the next one starts on the other store.</summary>
    /// <param name="isBack">Whether it is a rollback.</param>
    /// <param name="response">The response to the request that begins it; the host ends after it.</param>
    /// <param name="cancellationToken">Cancels the reading of the role.</param>
    /// <returns>Why it does not begin; null if it does.</returns>
    public async Task<string?> TryMoveAsync(bool isBack, HttpResponse response, CancellationToken cancellationToken)
    {
        if (FindRefusal(await ReadStateAsync(cancellationToken), isBack) is { } refusal) return refusal;
        var plan = new MovePlan(own.Readings, TransferAddress.Parse(dualWrite.Status.Secondary!), dualWrite.Scope, isBack);
        return moves.TryBegin(plan, new TransferStores(configuration, clock).Timescale, startup, lifetime, response) ? null : "another move has begun";
    }

    /// <summary>Ends dual-write: retires the other store and removes the ledgers.</summary>
    /// <returns>Why it cannot; null if it is done.</returns>
    public async Task<string?> FinishAsync(CancellationToken cancellationToken)
    {
        var (scope, status) = (dualWrite.Scope, dualWrite.Status);
        if (status.State == DualWriteState.Off || status.Secondary is null) return "there is no dual-write to finish";
        await dualWrite.PauseAsync();
        var address = TransferAddress.Parse(status.Secondary);
        await using var source = own.OpenReadings();
        try
        {
            await using var other = await stores.OpenSecondAsync(address, cancellationToken);
            if (status.Transfer is { } id) await new BatchApplier(((StoreSource)source).Parts, other.Store, id, clock).EndAsync(cancellationToken);
            await CutOver.FinishAsync(new(source, own.Readings.Text), new(other.Store, address.Text), scope, cancellationToken);
        }
        catch (Exception e) when (e is TransferException or StoreUnavailableException or StoreStartupException or Operations.StartupException)
        {
            dualWrite.Resume();
            return $"{address.Text} cannot be retired: {e.Message}";
        }
        dualWrite.End();
        return null;
    }
}
