namespace SensorDash.Tests.Support;

/// <summary>Waiting for what another thread or process does, on a machine of any speed.</summary>
public static class Patience
{
    /// <summary>How long nothing takes that works at all.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Asks until the answer is yes.</summary>
    /// <exception cref="TimeoutException">It never was; the message says what was waited for.</exception>
    public static async Task UntilAsync(string what, Func<Task<bool>> isSo)
    {
        using var patience = new CancellationTokenSource(Limit);
        while (!await isSo())
        {
            if (patience.IsCancellationRequested) throw new TimeoutException($"After {Limit.TotalSeconds:0} s still waiting for: {what}.");
            await Task.Delay(10, CancellationToken.None);
        }
    }

    public static Task UntilAsync(string what, Func<bool> isSo) => UntilAsync(what, () => Task.FromResult(isSo()));
}
