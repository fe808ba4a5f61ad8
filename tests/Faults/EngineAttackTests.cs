using SensorDash.Faults.Tests.Bodies;
using SensorDash.Faults.Tests.Queries;
using Xunit.Abstractions;

namespace SensorDash.Faults.Tests;

/// <summary>Everything at once against the running program, on every engine: afterwards it has what its responses said, and works.</summary>
public sealed class EngineAttackTests(ITestOutputHelper output)
{
    private const int Senders = 12;
    private const int Parallelism = 6;
    private const int LooseNode = 900_000;

    [SkippableTheory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.DuckDb)]
    [InlineData(Engine.Timescale)]
    public async Task Attack_OfEveryKind_FindsNothing(Engine engine)
    {
        var findings = new Findings(output);
        await using var server = await AttackedServer.StartAsync(engine);
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var readings = Enumerable.Range(0, Senders).Select(number => new ReadingSender(server, findings, number, now)).ToArray();
        var events = Enumerable.Range(0, Senders / 2).Select(number => new EventSender(server, findings, number)).ToArray();
        var (readingBodies, eventBodies) = (AttackSize.Choose(quick: 240, full: 60_000), AttackSize.Choose(quick: 90, full: 15_000));

        await PostAsync(0, 0.05);
        var (queries, raws, edits) = (AttackSize.Choose(quick: 300, full: 70_000), AttackSize.Choose(quick: 80, full: 5_000), AttackSize.Choose(quick: 60, full: 5_000));
        var query = new QueryAttack(server, findings);
        await query.PrepareAsync([.. readings.SelectMany(sender => sender.Nodes)], [.. events.SelectMany(sender => sender.Stored.Keys)], now);
        var (raw, edit) = (new RawAttack(server, findings, LooseNode, now), new EditAttack(server, findings, [LooseNode + 1, LooseNode + 2, LooseNode + 3], now));
        await AttackAsync(0, 0.25);
        var warm = server.MemoryMiB;
        await AttackAsync(0.25, 1);
        await PostAsync(0.05, 1);
        var end = server.MemoryMiB;

        EventSender.Check((await server.GetAsync("/api/events/export")).Body, events, findings);
        if ((await server.GetAsync("/health/ready")).Status != 200) findings.Add("health", "is not ready");
        foreach (var error in server.LoggedErrors) findings.Add("log", error);
        await server.KillAsync();
        await StoredReadings.CheckAsync(server, readings, findings);
        await server.StartAgainAsync();
        findings.AssertNone(FormattableString.Invariant(
            $"{engine}: {readingBodies} bodies of readings ({readings.Sum(s => s.Stored.Count)} stored), {eventBodies} of events ({events.Sum(s => s.Stored.Count)} stored), {queries} queries, {raws} raw connections, {edits} edits; memory {warm:0} MiB after a part, {end:0} MiB at the end"));

        Task AttackAsync(double from, double to) => Task.WhenAll(
            ManyAsync(queries, from, to, query.SendAsync), ManyAsync(raws, from, to, raw.SendAsync), ManyAsync(edits, from, to, edit.SendAsync));

        static Task ManyAsync(int total, double from, double to, Func<int, Task> send) => Parallel.ForAsync(
            (int)(total * from), (int)(total * to), new ParallelOptions { MaxDegreeOfParallelism = Parallelism }, async (i, _) => await send(i));

        Task PostAsync(double from, double to) => Task.WhenAll(
            Task.WhenAll(readings.Select((sender, i) => EachAsync(readingBodies, readings.Length, i, from, to, sender.SendAsync))),
            Task.WhenAll(events.Select((sender, i) => EachAsync(eventBodies, events.Length, i, from, to, sender.SendAsync))));

        async Task EachAsync(int total, int senders, int sender, double from, double to, Func<int, Task<bool>> send)
        {
            for (var i = (int)(total * from) + sender; i < (int)(total * to); i += senders)
                if (!await send(i)) findings.Add("connection", $"case {i} of sender {sender}: the connection broke");
        }
    }
}
