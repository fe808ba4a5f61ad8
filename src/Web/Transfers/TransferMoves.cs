using SensorDash.Data.Storage;
using SensorDash.Data.Timescale;
using SensorDash.Data.Transfer;
using SensorDash.Web.Commands.Transfer;
using SensorDash.Web.Hosting;
using SensorDash.Web.Operations;

namespace SensorDash.Web.Transfers;

/// <summary>What is done between two hosts of this process, while nothing is written.</summary>
internal abstract record HostSwap
{
    /// <summary>Settings of the next host that override all others; null: they stay as they are.</summary>
    /// <param name="defaults">What an address of a server does not say.</param>
    public abstract IReadOnlyList<KeyValuePair<string, string?>>? SettingsOf(TimescaleOptions defaults);

    /// <summary>Does it. When it fails everything is as before.</summary>
    public abstract Task RunAsync(IConfiguration configuration, TimeProvider clock, CancellationToken cancellationToken);
}

/// <summary>A swap of the roles of two stores.</summary>
/// <param name="From">The primary.</param>
/// <param name="To">Its secondary.</param>
/// <param name="Scope">What moves.</param>
/// <param name="IsBack">Whether it is a rollback.</param>
internal sealed record MovePlan(TransferAddress From, TransferAddress To, StoreScope Scope, bool IsBack) : HostSwap
{
    public string Name => IsBack ? "rollback" : "cutover";

    /// <summary>The settings of a server on the new primary, which keeps the old one equal.</summary>
    /// <param name="defaults">What an address of a server does not say.</param>
    public override IReadOnlyList<KeyValuePair<string, string?>> SettingsOf(TimescaleOptions defaults) => [.. StoreSettings.Of(To, defaults), new("Transfer:Secondary", From.Text)];

    public override Task RunAsync(IConfiguration configuration, TimeProvider clock, CancellationToken cancellationToken) => TransferMoves.SwapAsync(this, configuration, clock, null, cancellationToken);
}

/// <summary>How a move ended.</summary>
/// <param name="Number">Ascending from 1 in this process.</param>
/// <param name="Plan">What was to move.</param>
/// <param name="Error">Why it did not; null if it did.</param>
/// <param name="Seconds">How long requests were held until the roles were swapped.</param>
internal sealed record MoveOutcome(long Number, MovePlan Plan, string? Error, double Seconds);

/// <summary>How a swap between two hosts ended.</summary>
/// <param name="Swap">What was to be done.</param>
/// <param name="Error">Why it was not; null if it was.</param>
/// <param name="Seconds">How long requests were held until it ended.</param>
internal sealed record SwapOutcome(HostSwap Swap, string? Error, double Seconds);

/// <summary>The cut-overs and repairs of this process, which outlive its hosts: the old host ends, the stores are swapped while nothing is written, the next host starts on the new store.</summary>
internal sealed class TransferMoves(SwitchableServer server, TimeProvider clock)
{
    // Of the swap, in which requests wait; longer means that a store hangs, and then everything stays as it was. A slow machine needs a few seconds.
    private static readonly TimeSpan _maxSwap = TimeSpan.FromSeconds(15);

    private readonly Lock _lock = new();
    private HostSwap? _pending;
    private SwapOutcome? _untold;
    private WebApplication? _next;
    private long _heldAt, _count;

    /// <summary>Settings that override all others, because a cut-over moved the data.</summary>
    public IReadOnlyList<KeyValuePair<string, string?>> Settings { get; private set; } = [];

    /// <summary>The last move; null before the first.</summary>
    public MoveOutcome? Last { get; private set; }

    /// <summary>How the swap before this host ended, once; null without.</summary>
    public SwapOutcome? TakeOutcome() => Interlocked.Exchange(ref _untold, null);

    /// <summary>Whether the next host can take over the sockets of this one.</summary>
    public bool CanSwitch => server.IsStarted;

    /// <summary>Builds a host with settings that override all others.</summary>
    public Func<IReadOnlyList<KeyValuePair<string, string?>>, WebApplication>? BuildHost { get; set; }

    /// <summary>Whether a host ends to be followed by another one.</summary>
    public bool IsPending
    {
        get
        {
            lock (_lock) return _pending is not null;
        }
    }

    /// <summary>Builds the next host, holds new requests and ends this host; the program then runs the move.</summary>
    /// <param name="plan">What is done between the hosts.</param>
    /// <param name="defaults">What an address of a server does not say.</param>
    /// <param name="store">The database of this host.</param>
    /// <param name="host">This host.</param>
    /// <param name="response">The response to the request that begins it: the host ends after it, because requests that are slow then are broken off. Null: at once.</param>
    /// <returns>False when another move has begun.</returns>
    public bool TryBegin(HostSwap plan, TimescaleOptions defaults, IStoreStartup store, IHostApplicationLifetime host, HttpResponse? response = null)
    {
        lock (_lock)
        {
            if (_pending is not null) return false;
            _pending = plan;
        }
        try
        {
            // Before requests wait. It opens no store before it starts.
            _next = BuildHost!(plan.SettingsOf(defaults) ?? Settings);
        }
        catch
        {
            lock (_lock) _pending = null;
            throw;
        }
        if (response is null) End(store, host);
        else response.OnCompleted(() =>
        {
            End(store, host);
            return Task.CompletedTask;
        });
        return true;
    }

    private void End(IStoreStartup store, IHostApplicationLifetime host)
    {
        store.NoteSwitch();
        _heldAt = clock.GetTimestamp();
        server.Hold();
        host.StopApplication();
    }

    /// <summary>Runs the move, after the old host has ended.</summary>
    /// <returns>The next host: on the new store, or on the old one if the data did not move.</returns>
    public async Task<WebApplication> RunAsync()
    {
        var (plan, next) = (_pending!, _next!);
        _next = null;
        var error = await TrySwapAsync(plan, next.Configuration);
        var outcome = _untold = new(plan, error, clock.GetElapsedTime(_heldAt).TotalSeconds);
        if (plan is MovePlan move) Last = new(++_count, move, error, outcome.Seconds);
        if (error is null)
        {
            Settings = plan.SettingsOf(new TransferStores(next.Configuration, clock).Timescale) ?? Settings;
        }
        else
        {
            await next.DisposeAsync();
            next = BuildHost!(Settings);
        }
        lock (_lock) _pending = null;
        return next;
    }

    private async Task<string?> TrySwapAsync(HostSwap plan, IConfiguration configuration)
    {
        try
        {
            using var limit = new CancellationTokenSource(_maxSwap, clock);
            await plan.RunAsync(configuration, clock, limit.Token);
            return null;
        }
        catch (OperationCanceledException)
        {
            return FormattableString.Invariant($"It took longer than {_maxSwap.TotalSeconds:0} s and was undone.");
        }
        catch (Exception e) when (e is TransferException or Data.Backup.BackupException or StoreUnavailableException or StoreStartupException or StartupException or System.Data.Common.DbException or IOException)
        {
            return e.Message;
        }
    }

    /// <summary>Opens both stores and swaps their roles.</summary>
    /// <exception cref="TransferException">It must not go on; the message states the reason. The roles are as before.</exception>
    public static async Task SwapAsync(MovePlan plan, IConfiguration configuration, TimeProvider clock, Action<CutOverStep>? reached, CancellationToken cancellationToken)
    {
        var stores = new TransferStores(configuration, clock);
        await using var from = await stores.OpenTargetAsync(plan.From, cancellationToken);
        await using var to = await stores.OpenTargetAsync(plan.To, cancellationToken);
        var transfers = await new TransferLedger(to.Store.RunLedgerAsync).ListAsync(cancellationToken);
        var transfer = transfers.LastOrDefault(t => t.Source == from.Store.Name && t.SourceKind == from.Store.Kind)
            ?? throw new TransferException($"{plan.To.Text} has no transfer from {plan.From.Text}.");
        await new CutOver(new(from.Store, plan.From.Text), new(to.Store, plan.To.Text), plan.Scope, clock, reached).RunAsync(transfer.Start is null ? null : transfer.Id, plan.IsBack, cancellationToken);
    }
}
