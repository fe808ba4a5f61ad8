using System.Collections.Concurrent;
using System.Text.Json;

namespace SensorDash.Soak.Tests.LongRun;

/// <summary>Backups of the running server, of which two stay.</summary>
internal sealed class SoakBackups(HttpClient client, SteppedClock clock)
{
    public const int Keep = 2;

    private static readonly Uri _path = new("/api/backups", UriKind.Relative);
    private static readonly TimeSpan _beforeRetry = TimeSpan.FromSeconds(2);

    private long _made, _interruptions;

    /// <summary>Backups that failed for another reason than that the store was unavailable for a moment.</summary>
    public ConcurrentQueue<string> Failures { get; } = new();

    public long Interruptions => Interlocked.Read(ref _interruptions);

    public long Made => Interlocked.Read(ref _made);

    public async Task RunAsync(TimeSpan interval, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await CreateAsync();
            try
            {
                await Task.Delay(interval, stop);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <returns>The name of the new backup.</returns>
    public async Task<string> CreateAsync()
    {
        using var step = await clock.InOneStepAsync();
        string? name;
        while ((name = await RunJobAsync(_path)) is null) await Task.Delay(_beforeRetry);
        Interlocked.Increment(ref _made);
        return name;
    }

    public async Task VerifyAsync(string name) => Assert.NotNull(await RunJobAsync(new Uri($"/api/backups/{name}/verify", UriKind.Relative)));

    // Null when it failed.
    private async Task<string?> RunJobAsync(Uri path)
    {
        using (var answer = await client.PostAsync(path, null)) Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        while (true)
        {
            using var list = JsonDocument.Parse(await client.GetStringAsync(_path));
            var job = list.RootElement.GetProperty("job");
            if (job.GetProperty("state").GetString() == "running")
            {
                await Task.Delay(100);
                continue;
            }
            if (job.GetProperty("state").GetString() == "failed")
            {
                if (job.ToString().Contains("unavailable", StringComparison.Ordinal)) Interlocked.Increment(ref _interruptions);
                else Failures.Enqueue(job.ToString());
                return null;
            }
            var backups = list.RootElement.GetProperty("backups").EnumerateArray().ToList();
            Assert.All(backups, backup => Assert.Equal("good", backup.GetProperty("state").GetString()));
            Assert.InRange(backups.Count, 1, Keep);
            return job.GetProperty("backup").GetString()!;
        }
    }
}
