using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Abstractions;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;

namespace SensorDash.Web.Hosting;

/// <summary>The web server of the whole process: its sockets stay open while one host ends and the next one starts, so a cut-over to another store needs no restart.</summary>
/// <remarks>Each host gets a <see cref="HostServer"/>. Between two hosts new requests are held, bounded in number and time; then they go to the new host.</remarks>
internal sealed class SwitchableServer : IAsyncDisposable
{
    private const int MaxHeldRequests = 1_000;

    // More than a swap may take, and the start of the next host on a slow machine.
    private static readonly TimeSpan _maxHold = TimeSpan.FromSeconds(60);

    // Requests that take longer are broken off, as at a shutdown: downloads, and bodies that still arrive.
    private static readonly TimeSpan _drainTime = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private IServer? _server;
    private HostedApplication? _current;
    private TaskCompletionSource? _hold;
    private volatile UpgradeNotice? _notice;
    private bool _isStarted;
    private int _held;

    /// <summary>Whether the hosts of this process use it; tests bring servers of their own.</summary>
    public bool IsStarted => _isStarted;

    /// <summary>The server of one host.</summary>
    /// <param name="create">Creates the process's server; only called by the first host.</param>
    public IServer ForHost(Func<IServer> create) => new HostServer(this, _server ??= create());

    /// <summary>Listens already, before the first host starts, and answers every request with the notice. Does nothing if the host does not use this server.</summary>
    /// <param name="addresses">Addresses separated by semicolons, as in the setting; null: those of the server's own settings.</param>
    /// <returns>The addresses at which it listens; none if it does not.</returns>
    public async Task<IEnumerable<string>> AnnounceAsync(string? addresses, UpgradeNotice notice, CancellationToken cancellationToken)
    {
        if (_server is null || _isStarted) return [];
        // As the host does it; it leaves addresses that are there as they are.
        if (_server.Features.Get<IServerAddressesFeature>() is { Addresses: { IsReadOnly: false, Count: 0 } list })
            foreach (var address in (addresses ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)) list.Add(address);
        _notice = notice;
        await _server.StartAsync(new Entry(this), cancellationToken);
        _isStarted = true;
        return _server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
    }

    /// <summary>From now on new requests wait for the next host.</summary>
    public void Hold()
    {
        lock (_lock) _hold ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    public async ValueTask DisposeAsync()
    {
        Open();
        if (_server is null) return;
        if (_isStarted) await _server.StopAsync(CancellationToken.None);
        _server.Dispose();
        _server = null;
    }

    private void Open()
    {
        TaskCompletionSource? hold;
        lock (_lock) (hold, _hold) = (_hold, null);
        hold?.TrySetResult();
    }

    private async Task StartAsync(HostedApplication application, CancellationToken cancellationToken)
    {
        _current = application;
        if (!_isStarted) await _server!.StartAsync(new Entry(this), cancellationToken);
        _isStarted = true;
        _notice = null;
        Open();
    }

    private async Task StopAsync(CancellationToken cancellationToken)
    {
        bool isHeld;
        lock (_lock) isHeld = _hold is not null;
        if (isHeld)
        {
            if (_current is { } application) await application.DrainAsync(_drainTime, cancellationToken);
            return;
        }
        _isStarted = false;
        await _server!.StopAsync(cancellationToken);
    }

    // Null: the request was not held, because too many are.
    private async Task<HostedApplication?> EnterAsync(HeldRequest request)
    {
        while (true)
        {
            Task hold;
            lock (_lock)
            {
                if (_hold is null)
                {
                    _current!.Add(request);
                    return _current;
                }
                if (_held >= MaxHeldRequests) return null;
                hold = _hold.Task;
                _held++;
            }
            try
            {
                await hold.WaitAsync(_maxHold);
            }
            catch (TimeoutException)
            {
                return null;
            }
            finally
            {
                lock (_lock) _held--;
            }
        }
    }

    private sealed class HostServer(SwitchableServer owner, IServer server) : IServer
    {
        public IFeatureCollection Features => server.Features;

        public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
            where TContext : notnull
            => owner.StartAsync(new HostedApplication<TContext>(application), cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => owner.StopAsync(cancellationToken);

        // The process's server outlives the host.
        public void Dispose()
        {
        }
    }

    private sealed class Entry(SwitchableServer owner) : IHttpApplication<HeldRequest>
    {
        public HeldRequest CreateContext(IFeatureCollection contextFeatures)
        {
            // Kept by the connection, so that a host may keep what belongs to a request too.
            if (contextFeatures is not IHostContextContainer<HeldRequest> container) return new() { Features = contextFeatures };
            var request = container.HostContext ??= new();
            request.Features = contextFeatures;
            return request;
        }

        public async Task ProcessRequestAsync(HeldRequest context)
        {
            if (owner._notice is { } notice) await notice.WriteAsync(context.Features);
            else if (await owner.EnterAsync(context) is { } application) await application.ProcessAsync(context);
            else Reject(context.Features);
        }

        public void DisposeContext(HeldRequest context, Exception? exception) => context.Application?.End(context, exception);

        private static void Reject(IFeatureCollection features)
        {
            var response = features.GetRequiredFeature<IHttpResponseFeature>();
            response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            response.Headers.RetryAfter = "2";
        }
    }
}
