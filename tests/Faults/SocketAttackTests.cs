using SensorDash.Faults.Tests.Queries;
using Xunit.Abstractions;

namespace SensorDash.Faults.Tests;

/// <summary>The socket under messages and frames that no client sends, on stores that have something to stream: it answers or closes with a reason, and its memory does not grow.</summary>
public sealed class SocketAttackTests(ITestOutputHelper output)
{
    private const int Parallelism = 6;
    private const int CasesPerPart = 500;

    // Allowed growth of the private memory after the first part; the heap has a limit of its own.
    private const double MaxGrowthMiB = 150;

    [SkippableTheory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.Timescale)]
    public async Task Socket_AnyMessageOrFrame_IsAnsweredOrClosedWithAReason(Engine engine)
    {
        var findings = new Findings(output);
        var runs = new FaultRuns($"sockets of {engine}", quick: 20, full: 20_000);
        await using var server = await AttackedServer.StartAsync(engine);
        var events = new SensorDash.Tests.Support.EventSender();
        for (var i = 0; i < 10; i++) Assert.Equal(System.Net.HttpStatusCode.OK, await events.PostAsync(server.Client, 100));
        var attack = new SocketAttack(server, findings);
        double? warm = null;
        foreach (var part in runs.Left.Chunk(CasesPerPart))
        {
            await Parallel.ForEachAsync(part, new ParallelOptions { MaxDegreeOfParallelism = Parallelism }, async (i, _) =>
            {
                await attack.SendAsync(i);
                findings.Count($"sockets of {engine}");
            });
            warm ??= server.MemoryMiB;
            if (AttackSize.IsFull && server.MemoryMiB > warm + MaxGrowthMiB) findings.Add("memory", FormattableString.Invariant($"{warm:0} MiB after the first part, {server.MemoryMiB:0} MiB after case {part[^1]}"));
            runs.Done(part[0], findings, part.Length);
        }
        Assert.Equal(200, (await server.GetAsync("/health/ready")).Status);
        foreach (var error in server.LoggedErrors) findings.Add("log", error);
        findings.AssertNone(FormattableString.Invariant($"{runs.Summary} with {SocketAttack.FramesPerCase} messages or frames each; memory {warm:0} MiB after the first {CasesPerPart}, {server.MemoryMiB:0} MiB at the end"));
    }
}
