using System.Diagnostics.Metrics;
using SensorDash.Web.Operations.Metrics;
using SensorDash.Web.Streaming;

namespace SensorDash.Web.Operations.Figures;

/// <summary>Connections of PostgreSQL's driver.</summary>
internal readonly record struct DriverPool(long Busy, long Idle, long Waiting);

/// <summary>Adds up what the program's instruments measure between two samples.</summary>
internal sealed class FigureListener : IDisposable
{
    private enum Source
    {
        Rows,
        Commits,
        Requests,
        Connections,
        Waiting,
    }

    private readonly MeterListener _listener = new();
    private readonly LatencyBuckets _commits = new(), _queries = new();
    private readonly long[] _rows = new long[(int)Figure.EventsRejected + 1];
    private readonly Lock _poolLock = new();
    private long _busy, _idle, _waiting;
    private bool _hasDriver;

    public FigureListener(IMeterFactory meters)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            // Meters of other hosts of this process have the same names; the driver's is that of the process.
            if (instrument.Meter.Scope is not null && !ReferenceEquals(instrument.Meter.Scope, meters)) return;
            if (SourceOf(instrument.Meter.Name, instrument.Name) is { } source) listener.EnableMeasurementEvents(instrument, source);
        };
        _listener.SetMeasurementEventCallback<long>((_, value, tags, state) => Count((Source)state!, value, tags));
        _listener.SetMeasurementEventCallback<int>((_, value, tags, state) => Count((Source)state!, value, tags));
        _listener.SetMeasurementEventCallback<double>((_, value, tags, state) => Time((Source)state!, value, tags));
        _listener.Start();
    }

    /// <summary>Rates and percentiles since the last call.</summary>
    /// <param name="sample">Where they go.</param>
    /// <param name="elapsed">Time since the last call; null at the first one: then there are no rates.</param>
    public void Take(FigureSample sample, TimeSpan? elapsed)
    {
        for (var i = 0; i < _rows.Length; i++)
        {
            var rows = Interlocked.Exchange(ref _rows[i], 0);
            if (elapsed is { TotalSeconds: > 0 and var seconds }) sample[(Figure)i] = rows / seconds;
        }
        (sample.Commits, sample.Queries) = (_commits.Take(), _queries.Take());
    }

    /// <summary>Connections of PostgreSQL's driver; null without it.</summary>
    public DriverPool? ReadPool()
    {
        lock (_poolLock)
        {
            (_busy, _idle) = (0, 0);
            _listener.RecordObservableInstruments();
            return _hasDriver ? new(_busy, _idle, Interlocked.Read(ref _waiting)) : null;
        }
    }

    public void Dispose() => _listener.Dispose();

    private static Source? SourceOf(string meter, string instrument) => (meter, instrument) switch
    {
        (HubMetrics.MeterName, HubMetrics.Rows) => Source.Rows,
        (HubMetrics.MeterName, HubMetrics.CommitDuration) => Source.Commits,
        ("Microsoft.AspNetCore.Hosting", "http.server.request.duration") => Source.Requests,
        ("Npgsql", "db.client.connection.count") => Source.Connections,
        ("Npgsql", "db.client.connection.npgsql.pending_requests") => Source.Waiting,
        _ => null,
    };

    private void Count(Source source, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        switch (source)
        {
            case Source.Rows:
                var first = Find(tags, "kind") == HubMetrics.Readings ? Figure.ReadingsInserted : Figure.EventsInserted;
                var result = Find(tags, "result") switch { "inserted" => 0, "duplicate" => 1, _ => 2 };
                Interlocked.Add(ref _rows[(int)first + result], value);
                break;
            case Source.Connections:
                _hasDriver = true;
                if (Find(tags, "db.client.connection.state") == "idle") _idle += value;
                else _busy += value;
                break;
            case Source.Waiting:
                Interlocked.Add(ref _waiting, value);
                break;
        }
    }

    private void Time(Source source, double seconds, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (source == Source.Commits) _commits.Record(seconds);
        else if (source == Source.Requests && Find(tags, "http.request.method") == "GET" && IsQuery(Find(tags, "http.route"))) _queries.Record(seconds);
    }

    // Pages and the API. Streams and downloads last as long as their client wants; health and metrics are no queries of somebody.
    private static bool IsQuery(string? route) => route is not null && route is not (SocketApi.Path or "/metrics")
        && !route.EndsWith("/live", StringComparison.Ordinal) && !route.Contains("export", StringComparison.OrdinalIgnoreCase) && !route.Contains("health", StringComparison.Ordinal);

    private static string? Find(ReadOnlySpan<KeyValuePair<string, object?>> tags, string name)
    {
        foreach (var (key, value) in tags)
            if (key == name) return value as string;
        return null;
    }
}
