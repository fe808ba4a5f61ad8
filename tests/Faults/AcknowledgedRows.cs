using SensorDash.Tests.Support;

namespace SensorDash.Faults.Tests;

/// <summary>Compares what is stored with what senders were told: every acknowledged row once, with the values that were sent, and no row that nobody sent.</summary>
internal static class AcknowledgedRows
{
    /// <param name="senders">With how many of their rows, in the order in which they were acknowledged, must be there.</param>
    /// <param name="eventSenders">Likewise. All of them send the same row of events.</param>
    public static async Task CheckAsync(
        StoreFiles files, IEnumerable<(Sender Sender, int Acknowledged)> senders, IReadOnlyCollection<(EventSender Sender, int Acknowledged)> eventSenders, Findings findings, string attack)
    {
        var byNode = (await files.ReadReadingsAsync(findings)).ToLookup(row => row.Node);
        foreach (var (sender, acknowledged) in senders)
        {
            var stored = new HashSet<long>();
            foreach (var row in byNode[sender.Node])
            {
                if (!stored.Add(row.Time)) findings.Add(attack, $"twice: {row}");
                if (!sender.HasSent(row.Time) || (row.Temperature, row.Humidity, row.Flags) != Sender.ReadingOf(row.Time)) findings.Add(attack, $"nobody sent {row}");
            }
            Missing($"of node {sender.Node}", sender.Acknowledged.Take(acknowledged).Except(stored));
        }
        var events = await files.ReadEventsAsync(findings);
        var times = events.ToHashSet();
        if (times.Count < events.Count) findings.Add(attack, $"{events.Count - times.Count} events are there twice");
        foreach (var time in times.Where(time => !eventSenders.Any(sender => sender.Sender.HasSent(time)))) findings.Add(attack, $"nobody sent the event of {time}");
        Missing("of events", eventSenders.SelectMany(sender => sender.Sender.Acknowledged.Take(sender.Acknowledged)).Except(times));

        void Missing(string of, IEnumerable<long> times)
        {
            if (times.ToList() is { Count: > 0 } missing) findings.Add(attack, $"{missing.Count} acknowledged rows {of} are missing, the first {missing[0]}");
        }
    }
}
