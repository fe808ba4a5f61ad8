namespace SensorDash.Data.Storage;

/// <summary>Tells followers that something was committed. Carries no data: what was committed is read from the store, in its order.</summary>
public class CommitSignal
{
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends with the next commit. Take it before looking at the store: a commit in between is then not missed.</summary>
    public Task NextCommit => Volatile.Read(ref _next).Task;

    /// <summary>Wakes every follower. For the writers of a store, after the commit.</summary>
    internal void Publish()
        => Interlocked.Exchange(ref _next, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
}
