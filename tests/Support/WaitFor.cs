using SensorDash.Data.Sqlite;
using SensorDash.Data.Storage;
using SensorDash.Data.Timescale;

namespace SensorDash.Tests.Support;

/// <summary>Waiting for what another thread or process does, on a machine of any speed.</summary>
public static class WaitFor
{
    /// <summary>How long nothing takes that works at all.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static readonly IStoreErrors[] _errors = [new SqliteErrors(), new TimescaleErrors()];

    /// <summary>Asks until the answer is yes.</summary>
    /// <exception cref="TimeoutException">It never was; the message says what was waited for.</exception>
    public static async Task TrueAsync(string what, Func<Task<bool>> isSo)
    {
        using var patience = new CancellationTokenSource(Limit);
        while (!await isSo())
        {
            if (patience.IsCancellationRequested) throw new TimeoutException($"After {Limit.TotalSeconds:0} s still waiting for: {what}.");
            await Task.Delay(10, CancellationToken.None);
        }
    }

    public static Task TrueAsync(string what, Func<bool> isSo) => TrueAsync(what, () => Task.FromResult(isSo()));

    /// <summary>Does it again for as long as the store says that it cannot just now, as everybody is told to.</summary>
    /// <remarks>For tests in which a writer may be kept out, killed, or paused by a busy machine for longer than others wait for it.</remarks>
    public static async Task<T> RetryWhileUnavailableAsync<T>(string what, Func<Task<T>> use)
    {
        var result = default(T);
        await TrueAsync(what, async () =>
        {
            try
            {
                result = await use();
                return true;
            }
            catch (Exception e) when (_errors.Any(errors => errors.IsUnavailable(e)))
            {
                return false;
            }
        });
        return result!;
    }

    public static Task RetryWhileUnavailableAsync(string what, Func<Task> use) => RetryWhileUnavailableAsync(what, async () =>
    {
        await use();
        return true;
    });
}
