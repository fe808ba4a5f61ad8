namespace SensorDash.Data.Storage;

/// <summary>Wakes subscribers after a commit. It carries no data: subscribers read the batches from the store in commit order.</summary>
public class CommitSignal
{
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes with the next commit. Get it before you read the store, so that a commit in between is not missed.</summary>
    public Task NextCommit => Volatile.Read(ref _next).Task;

    /// <summary>Wakes all subscribers after commits that no writer of this host has announced: those of a transfer.</summary>
    public virtual void PublishOther() => Publish();

    /// <summary>Wakes all subscribers. Writers of a store call it after the commit.</summary>
    internal void Publish()
        => Interlocked.Exchange(ref _next, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
}
