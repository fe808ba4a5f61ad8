using SensorDash.Data.Ingest.Parsing;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Ingest;

/// <summary>A row that the store rejected.</summary>
/// <param name="Index">Its index in the submission, from 0.</param>
/// <param name="Field">The field that is invalid; null for the whole row.</param>
/// <param name="Error">The error text for the sender.</param>
public readonly record struct RejectedRow(int Index, string? Field, string Error);

/// <summary>The result of a submission.</summary>
/// <param name="AlreadyAccepted">Indexes of the command requests that were accepted earlier, from 0.</param>
public readonly record struct SubmissionResult(int Inserted, int Duplicates, IReadOnlyList<int> AlreadyAccepted, IReadOnlyList<RejectedRow> Rejected);

/// <summary>Limits of every submission.</summary>
public static class Submission
{
    /// <summary>Maximum rows of one submission. A larger transaction is not faster (bench/results).</summary>
    public const int MaxRows = 5_000;

    /// <summary>Why the store did not take a row; null when it did, now or before.</summary>
    internal static RowError? ErrorOf<TRow>(RowOutcome outcome, int maxNodes) => outcome switch
    {
        RowOutcome.Collision => new("eventId", "eventId collides with another event"),
        RowOutcome.NodeLimit => new("node_address", $"must be an existing node: the hub has its maximum of {maxNodes} nodes; delete nodes or raise Ingest:MaxNodes"),
        RowOutcome.TooOld => new(typeof(TRow) == typeof(Events.LaneEvent) ? "sourceTruthTime" : "timestamp", "older than what is kept"),
        RowOutcome.Rejected => new(null, "the store rejected this row"),
        _ => null,
    };
}

/// <summary>Rows of one request that belong to one commit.</summary>
/// <param name="rows">1 to <see cref="Submission.MaxRows"/> valid rows; the sender must not access them again.</param>
/// <param name="isWaitedFor">Whether a sender waits for the commit, so that it does not wait for the flush interval.</param>
/// <param name="weight">Its weight in the buffer, at least its number of rows; 0 means that number.</param>
public sealed class Submission<TRow>(ReadOnlyMemory<TRow> rows, bool isWaitedFor, int weight = 0)
{
    private readonly TaskCompletionSource<SubmissionResult> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private List<RejectedRow>? _rejected;
    private List<int>? _alreadyAccepted;
    private int _inserted;

    internal ReadOnlyMemory<TRow> Rows { get; } = rows;

    /// <summary>When it entered the buffer, a value of <see cref="TimeProvider.GetTimestamp"/>.</summary>
    internal long QueuedAt { get; set; }

    internal bool IsWaitedFor { get; } = isWaitedFor;

    internal int Weight { get; } = Math.Max(weight, rows.Length);

    /// <summary>Completes when the rows are durable, or fails with the error that prevented it.</summary>
    public Task<SubmissionResult> Done => _done.Task;

    internal void AddResult(ReadOnlySpan<RowOutcome> outcomes, int maxNodes)
    {
        _inserted += outcomes.Count(RowOutcome.Inserted);
        for (var i = outcomes.IndexOfAnyExcept(RowOutcome.Inserted, RowOutcome.Duplicate); i >= 0 && i < outcomes.Length; i++)
        {
            if (outcomes[i] == RowOutcome.AlreadyAccepted) (_alreadyAccepted ??= []).Add(i);
            else if (Submission.ErrorOf<TRow>(outcomes[i], maxNodes) is { } error) (_rejected ??= []).Add(new RejectedRow(i, error.Field, error.Error));
        }
    }

    internal void Complete()
    {
        var (alreadyAccepted, rejected) = (_alreadyAccepted ?? [], _rejected ?? []);
        _done.TrySetResult(new SubmissionResult(_inserted, Rows.Length - _inserted - alreadyAccepted.Count - rejected.Count, alreadyAccepted, rejected));
    }

    internal void Fail(Exception error)
    {
        _done.TrySetException(error);
        _ = _done.Task.Exception; // Observe the exception: the sender may not wait any more.
    }
}
