using SensorDash.Data.Sqlite;
using SensorDash.Data.Storage;
using SensorDash.Data.Timescale;

namespace SensorDash.Tests.Support;

/// <summary>Waits for another thread or process, on a machine of any speed.</summary>
public static class WaitFor
{
    /// <summary>Longer than any successful operation takes.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static readonly IStoreErrors[] _errors = [new SqliteErrors(), new TimescaleErrors()];

    /// <summary>Polls until the condition is true.</summary>
    /// <exception cref="TimeoutException">The condition stayed false; the message contains it.</exception>
    public static async Task TrueAsync(string what, Func<Task<bool>> isSo)
    {
        using var timeout = new CancellationTokenSource(Limit);
        while (!await isSo())
        {
            if (timeout.IsCancellationRequested) throw new TimeoutException($"Timed out after {Limit.TotalSeconds:0} s waiting for: {what}.");
            await Task.Delay(10, CancellationToken.None);
        }
    }

    public static Task TrueAsync(string what, Func<bool> isSo) => TrueAsync(what, () => Task.FromResult(isSo()));

    /// <summary>Reads a file of a program that has stopped in this process.</summary>
    /// <remarks>A process that another test starts has the lock of the file too, until it becomes its program.</remarks>
    public static async Task<byte[]> FileReleasedAsync(string path)
    {
        byte[] bytes = [];
        await TrueAsync($"nobody locks {path}", async () =>
        {
            try
            {
                bytes = await File.ReadAllBytesAsync(path);
                return true;
            }
            catch (IOException e) when (e is not FileNotFoundException and not DirectoryNotFoundException)
            {
                return false;
            }
        });
        return bytes;
    }

    /// <summary>Waits until the next program can use a database that this process has used: also its locks are with other processes for a moment.</summary>
    /// <remarks>Not where another program has it: that one is named beside the file.</remarks>
    public static Task DatabaseReleasedAsync(string path) => TrueAsync(
        $"nobody locks {path}", () => File.Exists(path + ".owner") || (!IsLocked(path) && !IsLocked(path + ".lock")));

    private static bool IsLocked(string path)
    {
        try
        {
            using var free = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            return false;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    /// <summary>Retries while the store is temporarily unavailable, as callers should.</summary>
    /// <remarks>For tests in which a writer may be blocked, killed, or paused by a busy machine for longer than others wait for it.</remarks>
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
