using SensorDash.Data.Transfer;

namespace SensorDash.Web.Transfers;

/// <summary>What a transfer of the server does.</summary>
internal enum TransferJobKind
{
    /// <summary>Copies a file into a store of this server, then compares both.</summary>
    Import,

    /// <summary>Compares a file with what was imported from it.</summary>
    Verify,

    /// <summary>Compares this store with the second one row by row, while dual-write rests.</summary>
    Compare,
}

/// <summary>Where a transfer of the server stands.</summary>
internal enum TransferJobState
{
    Running,

    /// <summary>A user paused it; ingest waits for it.</summary>
    Paused,

    /// <summary>A user ended it; what is copied is kept.</summary>
    Cancelled,

    /// <summary>It could not go on.</summary>
    Failed,

    /// <summary>Both sides are equal.</summary>
    Complete,

    /// <summary>Both sides were compared and differ.</summary>
    Different,
}

/// <summary>A moment of a transfer, for the chart of its pace.</summary>
/// <param name="Time">Unix seconds.</param>
internal readonly record struct PaceSample(long Time, double RowsPerSecond);

/// <summary>How far a transfer of the server is.</summary>
/// <param name="State">Where it stands.</param>
/// <param name="Message">Why it does not go on; null if it does.</param>
internal sealed record TransferJobStatus(TransferJobState State, string? Message)
{
    /// <summary>Where it is; null before the first rows.</summary>
    public TransferPace? Pace { get; init; }

    /// <summary>Steps that are complete.</summary>
    public IReadOnlyList<TransferStep> Done { get; init; } = [];

    /// <summary>Its pace since the start, at most some hundred moments.</summary>
    public IReadOnlyList<PaceSample> Samples { get; init; } = [];

    /// <summary>Unix seconds; null while it is open.</summary>
    public long? EndedAt { get; init; }

    /// <summary>What the verification found; null before.</summary>
    public TransferOutcome? Outcome { get; init; }

    /// <summary>Rows of the source outside of the range; 0 before the verification.</summary>
    public long RowsOutside { get; init; }

    /// <summary>Whether it runs, or waits to go on.</summary>
    public bool IsOpen => State is TransferJobState.Running or TransferJobState.Paused;
}

/// <summary>A transfer that this server runs, or ran; it goes on when the page is left.</summary>
/// <param name="kind">What it does.</param>
/// <param name="file">Name of the source in the import folder; null: this store.</param>
/// <param name="target">Name of the store that takes the rows.</param>
/// <param name="arguments">Both sides and the range.</param>
/// <param name="clock">For its pace.</param>
internal sealed class TransferJob(TransferJobKind kind, string? file, string target, TransferArguments arguments, TimeProvider clock)
{
    private const int MaxSamples = 240;

    private readonly Lock _lock = new();
    private TransferJobStatus _status = new(TransferJobState.Running, null);
    private long _stepAt, _firstRows, _sampledAt, _sampledRows;
    private TimeSpan _betweenSamples = TimeSpan.FromSeconds(1);

    public TransferJobKind Kind => kind;

    /// <summary>Name of the source in the import folder; null: this store.</summary>
    public string? File => file;

    /// <summary>Name of the store that takes the rows.</summary>
    public string Target => target;

    /// <summary>Source and target, for people.</summary>
    public string Text => $"{file ?? "this store"} → {target}";

    public TransferArguments Arguments => arguments;

    /// <summary>Unix seconds.</summary>
    public long StartedAt { get; } = clock.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>How far it is, at one moment.</summary>
    public TransferJobStatus Status
    {
        get
        {
            lock (_lock) return _status;
        }
    }

    public TransferJobState State => Status.State;

    /// <summary>Notes how far it is.</summary>
    public void Show(TransferStep step)
    {
        lock (_lock)
        {
            var now = clock.GetTimestamp();
            if (_status.Pace is not { Step: var last } || (last.Step, last.Part) != (step.Step, step.Part))
            {
                if (_status.Pace is { } ended) _status = _status with { Done = [.. _status.Done, ended.Step] };
                (_stepAt, _firstRows, _sampledAt, _sampledRows) = (now, step.Rows, now, step.Rows);
            }
            _status = _status with { Pace = TransferPace.Of(step, clock.GetElapsedTime(_stepAt, now), _firstRows) };
            var since = clock.GetElapsedTime(_sampledAt, now);
            if (since < _betweenSamples) return;
            List<PaceSample> samples = [.. _status.Samples, new(clock.GetUtcNow().ToUnixTimeSeconds(), (step.Rows - _sampledRows) / since.TotalSeconds)];
            (_sampledAt, _sampledRows) = (now, step.Rows);
            if (samples.Count >= MaxSamples)
            {
                // Half as many, twice as far apart.
                for (var i = samples.Count - 1; i > 0; i -= 2) samples.RemoveAt(i);
                _betweenSamples *= 2;
            }
            _status = _status with { Samples = samples };
        }
    }

    /// <summary>It runs again.</summary>
    public void Continue()
    {
        lock (_lock) _status = _status with { State = TransferJobState.Running, Message = null, Pace = null, Done = [] };
    }

    /// <summary>It does not run any more.</summary>
    public void End(TransferJobState state, string? message)
    {
        lock (_lock) _status = _status with { State = state, Message = message, EndedAt = state == TransferJobState.Paused ? null : clock.GetUtcNow().ToUnixTimeSeconds() };
    }

    /// <summary>Both sides are compared.</summary>
    /// <param name="outcome">What was found.</param>
    /// <param name="rowsOutside">Rows of the source outside of the range.</param>
    public void Conclude(TransferOutcome outcome, long rowsOutside)
    {
        lock (_lock) _status = _status with { Outcome = outcome, RowsOutside = rowsOutside };
        End(outcome.Report.IsEqual ? TransferJobState.Complete : TransferJobState.Different, null);
    }
}
