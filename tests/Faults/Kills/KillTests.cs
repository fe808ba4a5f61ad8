using SensorDash.Tests.Support;
using Xunit.Abstractions;

namespace SensorDash.Faults.Tests.Kills;

/// <summary><c>kill -9</c> in the middle of ingest of readings and events: what was acknowledged is there once, and nothing else.</summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private const int MaxAcknowledgedBeforeKill = 60;
    private const int MaxRows = 60;
    private const int MaxMilliseconds = 20;

    [SkippableTheory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.DuckDb)]
    [InlineData(Engine.Timescale)]
    public async Task Kill_DuringIngest_EveryAcknowledgedRowIsThereOnce(Engine engine)
    {
        var findings = new Findings(output);
        var runs = new FaultRuns($"kills of {engine}", quick: 1, full: 200);
        await using var server = await AttackedServer.StartAsync(engine, durability: "Full");
        var senders = Enumerable.Range(1, 3).Select(node => new Sender(node)).ToArray();
        EventSender[] eventSenders = [new(), new()]; // Both post the same events: each is stored once.
        foreach (var kill in runs.Left)
        {
            var random = AttackSize.RandomOf($"kill during ingest of {engine}", kill);
            var left = random.Next(1, MaxAcknowledgedBeforeKill);
            var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var sending = Task.WhenAll([
                .. senders.Select(sender => UntilDeadAsync(count => sender.PostAsync(server.Client, count), kill)),
                .. eventSenders.Select((sender, i) => UntilDeadAsync(count => sender.PostAsync(server.Client, count), kill + i))]);
            await await Task.WhenAny(enough.Task, sending);
            await Task.Delay(random.Next(MaxMilliseconds)); // Not always just after a commit.
            await server.KillAsync();
            await sending;
            await AcknowledgedRows.CheckAsync(server.Files, senders.Select(s => (s, s.Acknowledged.Count)), [.. eventSenders.Select(s => (s, s.Acknowledged.Count))], findings, $"kill {kill}");
            await server.StartAgainAsync();
            if ((await server.GetAsync("/health/ready")).Status != 200) findings.Add($"kill {kill}", "it is not ready");
            runs.Done(kill, findings);
            findings.Count($"kills of {engine}", each: 20);

            // Single rows and batches by turns: both ways must hold.
            async Task UntilDeadAsync(Func<int, Task<System.Net.HttpStatusCode?>> post, int first)
            {
                for (var i = first; await post(i % 3 == 0 ? 1 : 1 + (i * 7 % MaxRows)) is not null; i++)
                    if (Interlocked.Decrement(ref left) <= 0) enough.TrySetResult();
            }
        }
        foreach (var error in server.LoggedErrors) findings.Add("log", error);
        findings.AssertNone($"{runs.Summary}, {senders.Sum(s => s.Acknowledged.Count)} readings and {eventSenders.Sum(s => s.Acknowledged.Count)} events acknowledged");
    }
}
