namespace SensorDash.Web.Pages.Display;

/// <summary>Reads of a page that are given up after a while, so that the rest of it is shown.</summary>
internal static class TimeLimit
{
    /// <returns>Null when the read takes longer.</returns>
    public static async Task<T?> WithinAsync<T>(this TimeProvider clock, TimeSpan limit, Func<CancellationToken, Task<T>> read, CancellationToken cancellationToken)
        where T : class?
    {
        using var timeout = new CancellationTokenSource(limit, clock);
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            return await read(limited.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }
}
