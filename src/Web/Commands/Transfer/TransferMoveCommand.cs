using SensorDash.Data.Access;
using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;
using SensorDash.Web.Transfers;

namespace SensorDash.Web.Commands.Transfer;

/// <summary>cutover, rollback and finish: by the server that holds the stores, else by this process.</summary>
internal sealed class TransferMoveCommand(TransferStores stores, IConfiguration configuration, TransferAddress? from, TransferAddress? to, string? server, TextWriter output)
{
    public async Task<int> MoveAsync(bool isBack, CancellationToken cancellationToken)
    {
        using (var running = Find())
            if (running is not null) return await running.MoveAsync(isBack ? "rollback" : "cutover", output, cancellationToken);
        var (old, next) = Both();
        var plan = new MovePlan(old, next, ScopeOf(old, next), isBack);
        await PrepareAsync(plan, cancellationToken);
        await TransferMoves.SwapAsync(plan, configuration, TimeProvider.System, step => output.WriteLine(Text(step)), cancellationToken);
        await using (var moved = await stores.OpenTargetAsync(next, cancellationToken)) await moved.RecordAsync(isBack ? AuditAction.StoreRollBack : AuditAction.StoreCutOver, $"{old.Text} → {next.Text}");
        await output.WriteLineAsync($"The data is in {next.Text} now. Start the server with\n  {StoreSettings.Arguments(plan.SettingsOf(stores.Timescale))}");
        await output.WriteLineAsync($"Transfer:Secondary keeps {old.Text} equal, so that 'transfer rollback' can go back.");
        return TransferCommand.Complete;
    }

    public async Task<int> FinishAsync(CancellationToken cancellationToken)
    {
        using (var running = Find())
            if (running is not null) return await running.FinishAsync(output, cancellationToken);
        var (secondary, primary) = Both();
        var scope = ScopeOf(secondary, primary);
        await using var ours = await stores.OpenTargetAsync(primary, cancellationToken);
        await using var theirs = await stores.OpenTargetAsync(secondary, cancellationToken);
        var (state, other) = (await Roles(ours).ReadAsync(scope, cancellationToken), await Roles(theirs).ReadAsync(scope, cancellationToken));
        if (state.Role != StoreRole.Primary || other.Successor != primary.Text) throw new TransferException($"{primary.Text} must be the primary and {secondary.Text} its secondary.");
        await CutOver.FinishAsync(new(ours.Store, primary.Text), new(theirs.Store, secondary.Text), scope, cancellationToken);
        await ours.RecordAsync(AuditAction.StoreFinish, secondary.Text);
        await output.WriteLineAsync($"Dual-write has ended. {secondary.Text} is retired; remove Transfer:Secondary from the settings.");
        return TransferCommand.Complete;
    }

    public async Task<int> StatusAsync(CancellationToken cancellationToken)
    {
        using var running = Find(mayBeOther: true);
        if (running is not null) return await running.StatusAsync(output, cancellationToken);
        return await TransferListCommand.StatusAsync(stores, to ?? throw new TransferException("No server runs: name the target of the transfers with --to, or the server with --server."), from, output, cancellationToken);
    }

    private TransferServer? Find(bool mayBeOther = false)
        => TransferServer.Find(server, from is null && to is null ? [stores.Configured] : new[] { from, to }.OfType<TransferAddress>(), mayBeOther);

    private (TransferAddress From, TransferAddress To) Both() => from is { } old && to is { } next ? (StoreSettings.Complete(old, stores.Timescale), StoreSettings.Complete(next, stores.Timescale))
        : throw new TransferException("No server that holds the store runs: name both stores with --from and --to, or the server with --server.");

    private static StoreScope ScopeOf(TransferAddress from, TransferAddress to) => from.Kind == StoreKind.DuckDb || to.Kind == StoreKind.DuckDb ? StoreScope.Readings : StoreScope.All;

    // A copy of 'transfer run' is a store of its own until now.
    private async Task PrepareAsync(MovePlan plan, CancellationToken cancellationToken)
    {
        await using var source = await stores.OpenTargetAsync(plan.From, cancellationToken);
        await using var target = await stores.OpenTargetAsync(plan.To, cancellationToken);
        var theirs = await Roles(target).ReadAsync(plan.Scope, cancellationToken);
        if (theirs.Role != StoreRole.Primary) return;
        var ledger = new TransferLedger(target.Store.RunLedgerAsync);
        await ledger.PrepareAsync(cancellationToken);
        var transfer = (await ledger.ListAsync(cancellationToken)).LastOrDefault(t => t.IsOf(source.Store, new()))
            ?? throw new TransferException($"{plan.To.Text} has no transfer of everything from {plan.From.Text}. Begin with 'transfer run'.");
        if (transfer.State != TransferState.Verified)
            throw new TransferException($"Transfer {transfer.Id} is {transfer.State.ToString().ToLowerInvariant()}, not verified. Run 'transfer verify' first.");
        var ours = await Roles(source).ReadAsync(plan.Scope, cancellationToken);
        if (ours.Role != StoreRole.Primary) throw new TransferException($"{plan.From.Text} is {ours.Role.ToString().ToLowerInvariant()}, not the primary.");
        await Roles(target).WriteAsync(plan.Scope, new(StoreRole.Secondary, plan.From.Text), null, cancellationToken);
        await Roles(source).WriteAsync(plan.Scope, ours with { Successor = plan.To.Text }, null, cancellationToken);
    }

    private static IStoreRoles Roles(OpenTarget target) => ((StoreSource)target.Store).Parts.Roles;

    private static string Text(CutOverStep step) => step switch
    {
        CutOverStep.Equal => "The last commits are applied; both stores are equal.",
        CutOverStep.Retired => "The old primary is retired.",
        CutOverStep.ReverseNoted => "The way back is noted.",
        CutOverStep.Promoted => "The new primary is promoted.",
        _ => "The old primary follows the new one.",
    };
}
