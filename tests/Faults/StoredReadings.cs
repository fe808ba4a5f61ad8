using SensorDash.Faults.Tests.Bodies;

namespace SensorDash.Faults.Tests;

/// <summary>Compares what is stored with what responses said.</summary>
internal static class StoredReadings
{
    /// <summary>Compares the readings of the senders' nodes. DuckDB allows this only while the program does not run.</summary>
    public static async Task CheckAsync(AttackedServer server, IReadOnlyCollection<ReadingSender> senders, Findings findings)
    {
        var stored = new Dictionary<(long Node, long Time), Row>();
        foreach (var row in await server.Files.ReadReadingsAsync(findings))
            if (!stored.TryAdd((row.Node, row.Time), row)) findings.Add("stored readings", $"twice: {row}");
        foreach (var sender in senders)
        {
            foreach (var (key, expected) in sender.Stored)
            {
                if (!stored.TryGetValue(key, out var row)) findings.Add("stored readings", $"missing: {expected}");
                else if (!sender.Unsure.Contains(key) && row != expected with { Received = expected.Received ?? row.Received, Device = null }) findings.Add("stored readings", $"{row}, not {expected}");
            }
        }
        var owners = senders.SelectMany(sender => sender.Nodes.Select(node => ((long)node, sender))).ToDictionary();
        foreach (var (key, row) in stored)
            if (owners.TryGetValue(key.Node, out var sender) && !sender.Stored.ContainsKey(key) && !sender.Unsure.Contains(key)) findings.Add("stored readings", $"nobody sent {row}");
    }
}
