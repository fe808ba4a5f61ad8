using SensorDash.Data.Readings;

namespace SensorDash.Data.Ingest;

/// <summary>A reading that the store itself refused.</summary>
/// <param name="Index">Its place in the submission, from 0.</param>
/// <param name="Error">The reason, fit for the sender.</param>
public readonly record struct RefusedReading(int Index, string Error);

/// <summary>What became of a submission.</summary>
public readonly record struct SubmissionResult(int Inserted, int Duplicates, IReadOnlyList<RefusedReading> Refused);

/// <summary>Readings of one request on their way to one commit.</summary>
/// <param name="rows">1 to <see cref="MaxRows"/> valid readings; not to be touched again by the sender.</param>
/// <param name="isWaitedFor">Whether a sender waits for the commit, so that it must not be held for the flush interval.</param>
public sealed class Submission(ReadOnlyMemory<Reading> rows, bool isWaitedFor)
{
    /// <summary>Most rows of one submission. Past this a bigger transaction is no faster (bench/results).</summary>
    public const int MaxRows = 5_000;

    private readonly TaskCompletionSource<SubmissionResult> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private List<RefusedReading>? _refused;
    private int _inserted;

    internal ReadOnlyMemory<Reading> Rows { get; } = rows;

    internal bool IsWaitedFor { get; } = isWaitedFor;

    /// <summary>Ends when the rows are durable, or with the error that kept them from it.</summary>
    public Task<SubmissionResult> Done => _done.Task;

    internal void AddResult(ReadOnlySpan<bool> isNew) => _inserted += isNew.Count(true);

    internal void Refuse(int index, string error) => (_refused ??= []).Add(new RefusedReading(index, error));

    internal void Complete()
        => _done.TrySetResult(new SubmissionResult(_inserted, Rows.Length - _inserted - (_refused?.Count ?? 0), _refused ?? []));

    internal void Fail(Exception error)
    {
        _done.TrySetException(error);
        _ = _done.Task.Exception; // Seen here: nobody may be waiting any more.
    }
}
