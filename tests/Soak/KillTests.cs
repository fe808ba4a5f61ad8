using SensorDash.Tests.Support;

namespace SensorDash.Soak.Tests;

/// <summary><c>kill -9</c> in the middle of ingest: what was acknowledged is there.</summary>
public sealed class KillTests
{
    private const int Senders = 4;
    private const int MaxAcknowledgedBeforeKill = 400;

    [Fact]
    public async Task Kill_DuringIngest_EveryAcknowledgedReadingIsThere()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "kill.db");
        var senders = Enumerable.Range(1, Senders).Select(node => new Sender(node)).ToArray();
        var random = new Random(20_261_120);
        for (var round = 0; round < SoakSize.Choose(quick: 2, full: 20); round++)
        {
            await using var server = await SensorDashProcess.StartAsync(path);
            var left = random.Next(10, MaxAcknowledgedBeforeKill);
            var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var sending = senders.Select(async sender =>
            {
                // Single readings and batches by turns: both ways must hold.
                for (var i = 0; await sender.PostAsync(server.Client, i % 3 == 0 ? 1 : 250) is not null; i++)
                    if (Interlocked.Decrement(ref left) <= 0 && senders.All(each => !each.Acknowledged.IsEmpty)) enough.TrySetResult();
            }).ToArray();
            await await Task.WhenAny(enough.Task, Task.WhenAll(sending)); // The senders are still at it: the kill hits them in the middle.
            await server.KillAsync();
            await Task.WhenAll(sending);
            await StoredFile.AssertHoldsAsync(path, senders);
        }
        Assert.All(senders, sender => Assert.NotEmpty(sender.Acknowledged));
    }
}
