using SensorDash.Faults.Tests.Bodies;
using Xunit.Abstractions;

namespace SensorDash.Faults.Tests;

/// <summary>Everything at once against the running program, on every engine: afterwards it has what its responses said, and works.</summary>
public sealed class EngineAttackTests(ITestOutputHelper output)
{
    private const int Senders = 12;

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

        await PostAsync(0, 0.1);
        var warm = server.MemoryMiB;
        await PostAsync(0.1, 1);
        var end = server.MemoryMiB;

        EventSender.Check((await server.GetAsync("/api/events/export")).Body, events, findings);
        if ((await server.GetAsync("/health/ready")).Status != 200) findings.Add("health", "is not ready");
        foreach (var error in server.LoggedErrors) findings.Add("log", error);
        await server.KillAsync();
        await StoredReadings.CheckAsync(server, readings, findings);
        await server.StartAgainAsync();
        findings.AssertNone(FormattableString.Invariant(
            $"{engine}: {readingBodies} bodies of readings ({readings.Sum(s => s.Stored.Count)} stored), {eventBodies} of events ({events.Sum(s => s.Stored.Count)} stored); memory {warm:0} MiB after a tenth, {end:0} MiB at the end"));

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
