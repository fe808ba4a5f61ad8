using SensorDash.Faults.Tests.Bodies;
using SensorDash.Faults.Tests.Queries;
using Xunit.Abstractions;

namespace SensorDash.Faults.Tests;

/// <summary>Everything at once against the running program, on every engine: afterwards it has what its responses said, and works.</summary>
public sealed class EngineAttackTests(ITestOutputHelper output)
{
    private const int Senders = 12;
    private const int Parallelism = 6;

    // In each part everything is done, and killed at its end: so a run that is ended early has tried everything.
    private static readonly int _parts = AttackSize.Choose(quick: 1, full: 10);

    private static readonly int[] _editedNodes = [900_001, 900_002, 900_003];
    private const int LooseNode = 900_000;

    // Allowed growth of the private memory after a part of the attack; the heap has a limit of its own.
    private const double MaxGrowthMiB = 150;

    [SkippableTheory]
    [InlineData(Engine.Sqlite, 1, 40)]
    [InlineData(Engine.DuckDb, 0, 30)] // In short, tests/Soak kills it.
    [InlineData(Engine.Timescale, 0, 30)]
    public async Task Attack_OfEveryKind_FindsNothing(Engine engine, int quickKills, int fullKills)
    {
        var findings = new Findings(output);
        await using var server = await AttackedServer.StartAsync(engine);
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var readings = Enumerable.Range(0, Senders).Select(number => new ReadingSender(server, findings, number, now)).ToArray();
        var events = Enumerable.Range(0, Senders / 2).Select(number => new EventSender(server, findings, number)).ToArray();
        var (readingBodies, eventBodies) = (AttackSize.Choose(quick: 120, full: 60_000), AttackSize.Choose(quick: 50, full: 15_000));
        var (queries, raws, edits, kills) = (AttackSize.Choose(quick: 150, full: 70_000), AttackSize.Choose(quick: 50, full: 5_000), AttackSize.Choose(quick: 40, full: 5_000), AttackSize.Choose(quickKills, fullKills));

        var query = new QueryAttack(server, findings);
        var (raw, edit) = (new RawAttack(server, findings, LooseNode, now), new EditAttack(server, findings, _editedNodes, now));
        var kill = new KillAttack(server, findings, readings, events, _editedNodes, now);
        var (warm, end) = (0.0, 0.0);
        for (var part = 0; part < _parts; part++)
        {
            var (from, to) = ((double)part / _parts, (part + 1.0) / _parts);
            var quarter = from + ((to - from) / 4);
            await PostAsync(from, quarter);
            await query.PrepareAsync([.. readings.SelectMany(sender => sender.Nodes)], [.. events.SelectMany(sender => sender.Stored.Keys)], now);
            await AskAsync(from, quarter);
            warm = server.MemoryMiB;
            await AskAsync(quarter, to);
            await PostAsync(quarter, to);
            end = server.MemoryMiB;
            if (AttackSize.IsFull && end > warm + MaxGrowthMiB) findings.Add("memory", FormattableString.Invariant($"{warm:0} MiB after a quarter of part {part}, {end:0} MiB at its end"));
            for (var i = (int)(kills * from); i < (int)(kills * to); i++)
            {
                await kill.KillAsync(i);
                findings.Count($"{engine} kills", each: 1);
            }
        }
        await CheckEventsAsync();
        await server.KillAsync();
        await StoredReadings.CheckAsync(server, readings, findings);
        foreach (var error in server.LoggedErrors) findings.Add("log", error);
        findings.AssertNone(FormattableString.Invariant($"{engine}: {readingBodies} bodies of readings, {eventBodies} of events, {queries} queries, {raws} raw connections, {edits} edits, {kills} kills with {kill.Sent} requests; ")
            + FormattableString.Invariant($"{readings.Sum(s => s.Stored.Count)} readings and {events.Sum(s => s.Stored.Count)} events acknowledged; memory {warm:0} MiB after a part, {end:0} MiB at the end"));

        async Task CheckEventsAsync() => EventSender.Check((await server.GetAsync("/api/events/export")).Body, events, findings);

        Task AskAsync(double from, double to) => Task.WhenAll(
            ManyAsync("queries", queries, from, to, query.SendAsync), ManyAsync("raw connections", raws, from, to, raw.SendAsync), ManyAsync("edits", edits, from, to, edit.SendAsync));

        Task ManyAsync(string name, int total, double from, double to, Func<int, Task> send) => Parallel.ForAsync(
            (int)(total * from), (int)(total * to), new ParallelOptions { MaxDegreeOfParallelism = Parallelism }, async (i, _) =>
            {
                await send(i);
                findings.Count($"{engine} {name}");
            });

        Task PostAsync(double from, double to) => Task.WhenAll(
            Task.WhenAll(readings.Select((sender, i) => EachAsync("bodies of readings", readingBodies, readings.Length, i, from, to, sender.SendAsync))),
            Task.WhenAll(events.Select((sender, i) => EachAsync("bodies of events", eventBodies, events.Length, i, from, to, sender.SendAsync))));

        async Task EachAsync(string name, int total, int senders, int sender, double from, double to, Func<int, Task<bool>> send)
        {
            for (var i = (int)(total * from) + sender; i < (int)(total * to); i += senders)
            {
                if (!await send(i)) findings.Add("connection", $"case {i} of sender {sender}: the connection broke");
                findings.Count($"{engine} {name}");
            }
        }
    }
}
