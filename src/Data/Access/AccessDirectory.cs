using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Access;

/// <summary>Users, sessions and keys in memory, as each request needs them. Changes of this process are there at once, those of others within <see cref="Period"/>.</summary>
public sealed partial class AccessDirectory(AccessStore store, IStoreErrors errors, TimeProvider clock, ILogger<AccessDirectory> logger) : BackgroundService
{
    /// <summary>Time between two looks at the store.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    // A key that sends a thousand times a second is noted once.
    private static readonly TimeSpan _useResolution = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _refresh = new(1);
    private readonly Lock _lock = new();
    private readonly Dictionary<int, long> _noted = [];
    private Dictionary<int, long> _uses = [];
    private volatile AccessState? _state;

    /// <summary>Runs after each look, also without a change: keys and sessions expire too.</summary>
    public event Action? Looked;

    /// <summary>The state; null before the first one was read.</summary>
    public AccessState? Current => _state;

    /// <summary>Reads the state if it has changed.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable; the state stays as it was.</exception>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await _refresh.WaitAsync(cancellationToken);
        try
        {
            if (_state is not { } state || state.Version != await store.ReadVersionAsync(cancellationToken)) _state = await store.ReadAsync(cancellationToken);
        }
        finally
        {
            _refresh.Release();
        }
        Looked?.Invoke();
    }

    /// <summary>Notes that a key was used; written within a minute.</summary>
    public void NoteUse(ApiKey key)
    {
        var now = clock.NowMicroseconds();
        lock (_lock)
        {
            if (_noted.TryGetValue(key.Id, out var last) && now - last < _useResolution.WholeMicroseconds()) return;
            _noted[key.Id] = _uses[key.Id] = now;
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                // The real clock: other processes do not share this one's.
                await Task.Delay(Period, TimeProvider.System, stoppingToken);
                await RefreshAsync(stoppingToken);
                await WriteUsesAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (ObjectDisposedException)
            {
                return; // A host whose start fails, for example because its port is in use, is disposed without a stop.
            }
            catch (Exception e) when (errors.FindUnavailable(e) is not null)
            {
                // As long as the store is away nobody can change what it holds, either.
                Looked?.Invoke();
            }
            catch (Exception e)
            {
                Log.LookFailed(logger, e);
            }
        }
    }

    private async Task WriteUsesAsync(CancellationToken cancellationToken)
    {
        Dictionary<int, long> uses;
        lock (_lock)
        {
            if (_uses.Count == 0) return;
            (uses, _uses) = (_uses, []);
        }
        await store.NoteKeyUsesAsync(uses, cancellationToken);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _refresh.Dispose();
        base.Dispose();
    }

    private static partial class Log
    {
        [LoggerMessage(80, LogLevel.Error, "Users and keys could not be read; changes by other processes take effect later.")]
        public static partial void LookFailed(ILogger logger, Exception error);
    }
}
