using System.Collections;
using System.Collections.Concurrent;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Abstractions;
using Microsoft.AspNetCore.Http.Features;

namespace SensorDash.Web.Hosting;

/// <summary>A request before its host is known.</summary>
internal sealed class HeldRequest
{
    public IFeatureCollection Features { get; set; } = null!;

    /// <summary>The application that processes it.</summary>
    public HostedApplication? Application { get; set; }

    /// <summary>What the application keeps for it.</summary>
    public object? Context { get; set; }

    /// <summary>What the last application of this connection wants to use again.</summary>
    public object? Kept { get; set; }
}

/// <summary>The application of one host, and its requests.</summary>
internal abstract class HostedApplication
{
    private readonly ConcurrentDictionary<HeldRequest, bool> _running = new();
    private volatile TaskCompletionSource? _idle;

    /// <summary>Notes a request, before the application can be told to drain.</summary>
    public void Add(HeldRequest request)
    {
        request.Application = this;
        _running.TryAdd(request, true);
    }

    public abstract Task ProcessAsync(HeldRequest request);

    /// <summary>Ends a request, after its response.</summary>
    public void End(HeldRequest request, Exception? exception)
    {
        try
        {
            DisposeContext(request, exception);
        }
        finally
        {
            request.Application = null;
            _running.TryRemove(request, out _);
            if (_running.IsEmpty) _idle?.TrySetResult();
        }
    }

    /// <summary>Waits for its requests; breaks those off that take longer.</summary>
    public async Task DrainAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        var idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _idle = idle;
        if (_running.IsEmpty) return;
        try
        {
            await idle.Task.WaitAsync(time, cancellationToken);
        }
        catch (TimeoutException)
        {
            foreach (var request in _running.Keys) request.Features.Get<IHttpRequestLifetimeFeature>()?.Abort();
            await idle.Task.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    protected abstract void DisposeContext(HeldRequest request, Exception? exception);
}

/// <inheritdoc cref="HostedApplication"/>
internal sealed class HostedApplication<TContext>(IHttpApplication<TContext> application) : HostedApplication
    where TContext : notnull
{
    public override Task ProcessAsync(HeldRequest request)
    {
        if (request.Kept is not Features features || features.Application != this) request.Kept = features = new(this);
        features.Inner = request.Features;
        var context = application.CreateContext(features);
        request.Context = context;
        return application.ProcessRequestAsync(context);
    }

    protected override void DisposeContext(HeldRequest request, Exception? exception)
    {
        if (request.Context is not TContext context) return;
        request.Context = null;
        application.DisposeContext(context, exception);
    }

    // The features of the server, with a place for what the host keeps from request to request of a connection, as the server itself offers it.
    private sealed class Features(HostedApplication<TContext> application) : IFeatureCollection, IHostContextContainer<TContext>
    {
        public HostedApplication<TContext> Application => application;

        public IFeatureCollection Inner { get; set; } = null!;

        public TContext? HostContext { get; set; }

        public bool IsReadOnly => Inner.IsReadOnly;

        public int Revision => Inner.Revision;

        public object? this[Type key]
        {
            get => Inner[key];
            set => Inner[key] = value;
        }

        public TFeature? Get<TFeature>() => Inner.Get<TFeature>();

        public void Set<TFeature>(TFeature? instance) => Inner.Set(instance);

        public IEnumerator<KeyValuePair<Type, object>> GetEnumerator() => Inner.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => Inner.GetEnumerator();
    }
}
