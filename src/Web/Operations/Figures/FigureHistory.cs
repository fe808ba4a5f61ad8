namespace SensorDash.Web.Operations.Figures;

/// <summary>What is sampled every minute. Rates are per second, latencies in seconds.</summary>
internal enum Figure
{
    ReadingsInserted,
    ReadingsDuplicate,
    ReadingsRejected,
    EventsInserted,
    EventsDuplicate,
    EventsRejected,
    CommitP50,
    CommitP95,
    CommitP99,
    QueryP50,
    QueryP95,
    QueryP99,
    QueuedReadings,
    QueuedEvents,
    Streams,
    StreamLag,
    SidePathLag,
    StoreBytes,
    ConnectionsBusy,
    ConnectionsIdle,
    ConnectionsWaiting,
    Resident,
    Managed,
    DiskWritten,
}

/// <summary>The figures of one minute; what is not known is <see cref="double.NaN"/>.</summary>
internal sealed class FigureSample
{
    public static readonly int Size = Enum.GetValues<Figure>().Length;

    private readonly double[] _values = new double[Size];

    public FigureSample() => Array.Fill(_values, double.NaN);

    public double? this[Figure figure]
    {
        get => double.IsNaN(_values[(int)figure]) ? null : _values[(int)figure];
        set => _values[(int)figure] = value ?? double.NaN;
    }

    public Percentiles Commits
    {
        set => (this[Figure.CommitP50], this[Figure.CommitP95], this[Figure.CommitP99]) = (value.P50, value.P95, value.P99);
    }

    public Percentiles Queries
    {
        set => (this[Figure.QueryP50], this[Figure.QueryP95], this[Figure.QueryP99]) = (value.P50, value.P95, value.P99);
    }
}

/// <summary>The samples of the last four hours, in memory: 240 of 24 numbers, 60 KB. A restart begins anew. Safe for concurrent use.</summary>
internal sealed class FigureHistory(TimeProvider clock)
{
    /// <summary>Time between two samples.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    /// <summary>Maximum samples.</summary>
    public const int Capacity = 240;

    private readonly Lock _lock = new();
    private readonly (long At, FigureSample Sample)[] _ring = new (long, FigureSample)[Capacity];
    private long _count;

    public void Add(FigureSample sample)
    {
        lock (_lock) _ring[_count++ % Capacity] = (clock.GetTimestamp(), sample);
    }

    /// <summary>The samples, oldest first, with their times in Unix seconds. A clock that was set keeps the order: times are counted back from now.</summary>
    public IReadOnlyList<(long Time, FigureSample Sample)> Read()
    {
        lock (_lock)
        {
            var (now, at) = (clock.GetUtcNow(), clock.GetTimestamp());
            var samples = new (long, FigureSample)[Math.Min(_count, Capacity)];
            for (var i = 0; i < samples.Length; i++)
            {
                var (sampledAt, sample) = _ring[(_count - samples.Length + i) % Capacity];
                samples[i] = ((now - clock.GetElapsedTime(sampledAt, at)).ToUnixTimeSeconds(), sample);
            }
            return samples;
        }
    }
}
