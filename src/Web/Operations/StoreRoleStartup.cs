using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;
using SensorDash.Web.Commands.Transfer;
using SensorDash.Web.Transfers;

namespace SensorDash.Web.Operations;

/// <summary>Refuses to start on a store that is not the primary: two servers on two stores would split the history.</summary>
internal sealed partial class StoreRoleStartup(OwnStores own, IConfiguration configuration, TimeProvider clock, ILogger<StoreRoleStartup> logger)
{
    /// <exception cref="StartupException">The data is in another store; the message says which, and the settings for it. Or the store cannot be read.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await CheckAsync(StoreScope.All, own.Database, cancellationToken);
            await CheckAsync(StoreScope.Readings, own.Readings, cancellationToken);
        }
        catch (StoreUnavailableException e)
        {
            throw new StartupException($"the store cannot be read. If it does not go away, restore the store from a backup. {e.Message}", e);
        }
    }

    private async Task CheckAsync(StoreScope scope, TransferAddress address, CancellationToken cancellationToken)
    {
        var roles = own.Roles(scope);
        var state = await roles.ReadAsync(scope, cancellationToken);
        if (state.Role == StoreRole.Primary) return;
        var of = scope == StoreScope.Readings && !own.HasDuckDb ? "the readings of " : "";
        var successor = TransferAddress.Parse(state.Successor!);
        var advice = $"Start with {StoreSettings.Arguments(StoreSettings.Of(successor, new TransferStores(configuration, clock).Timescale))}";
        if (state.Role == StoreRole.Secondary)
            throw new StartupException($"{of}{address.Text} is the secondary of {successor.Text}, which holds the data, and takes nothing else. {advice}", null);
        if (await TryUndoAsync(roles, successor, scope, of, address, cancellationToken)) return;
        throw new StartupException($"{of}{address.Text} is retired and takes nothing: the data is in {successor.Text} now. {advice}", null);
    }

    // Only the successor tells whether a cut-over that was interrupted is complete.
    private async Task<bool> TryUndoAsync(IStoreRoles roles, TransferAddress successor, StoreScope scope, string of, TransferAddress address, CancellationToken cancellationToken)
    {
        try
        {
            await using var other = IsOwnDatabase(successor) ? own.OpenDatabase() : new TransferStores(configuration, clock).OpenSource(successor);
            if (!await CutOver.TryUndoAsync(roles, ((StoreSource)other).Parts.Roles, scope, cancellationToken)) return false;
            Log.Undone(logger, address.Text, successor.Text);
            return true;
        }
        catch (Exception e) when (e is TransferException or StoreUnavailableException or StartupException or System.Data.Common.DbException)
        {
            throw new StartupException($"{of}{address.Text} is retired: its data is in {successor.Text}, or a cut-over to that store was interrupted. That store cannot be read, so it is not known which: {e.Message} "
                + "Start again when it can be read.", e);
        }
    }

    private bool IsOwnDatabase(TransferAddress successor) => own.HasDuckDb && successor == own.Database;

    private static partial class Log
    {
        [LoggerMessage(60, LogLevel.Warning, "A cut-over from {Store} to {Successor} was interrupted before it was complete. It is undone: {Store} is the primary.")]
        public static partial void Undone(ILogger logger, string store, string successor);
    }
}
