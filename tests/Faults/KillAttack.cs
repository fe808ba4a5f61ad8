using SensorDash.Faults.Tests.Bodies;
using SensorDash.Faults.Tests.Queries;

namespace SensorDash.Faults.Tests;

/// <summary><c>kill -9</c> under everything at once: it starts again, and has every reading that a response has covered.</summary>
internal sealed class KillAttack(
    AttackedServer server, Findings findings, IReadOnlyList<ReadingSender> readings, IReadOnlyList<EventSender> events, int[] editedNodes, long now)
{
    // Cases that no other attack has used.
    private const int FirstCase = 10_000_000;
    private const int CasesPerKill = 100_000;

    private int _sent;

    /// <summary>Requests that got a response.</summary>
    public int Sent => _sent;

    public async Task KillAsync(int kill)
    {
        var query = new QueryAttack(server, findings, allowsBrokenConnections: true);
        var edit = new EditAttack(server, findings, editedNodes, now, allowsBrokenConnections: true);
        await query.PrepareAsync([.. readings.SelectMany(sender => sender.Nodes)], ["0"], now);
        var left = AttackSize.RandomOf("kill", kill).Next(20, 400);
        using var dead = new CancellationTokenSource();
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var attacking = Task.WhenAll([
            .. readings.Select(sender => UntilDeadAsync(sender.SendAsync)), .. events.Select(sender => UntilDeadAsync(sender.SendAsync)), UntilDeadAsync(query.SendAsync), UntilDeadAsync(edit.SendAsync)]);
        await await Task.WhenAny(enough.Task, attacking);
        await server.KillAsync(); // In the middle of all of it.
        await dead.CancelAsync();
        await attacking;
        await StoredReadings.CheckAsync(server, readings, findings);
        await server.StartAgainAsync();
        if ((await server.GetAsync("/health/ready")).Status != 200) findings.Add($"kill {kill}", "it is not ready");

        async Task UntilDeadAsync(Func<int, Task<bool>> send)
        {
            for (var i = FirstCase + (kill * CasesPerKill); !dead.IsCancellationRequested && await send(i); i++)
            {
                Interlocked.Increment(ref _sent);
                if (Interlocked.Decrement(ref left) <= 0) enough.TrySetResult();
            }
        }
    }
}
