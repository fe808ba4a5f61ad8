using SensorDash.Data.Events;

namespace SensorDash.Bench;

/// <summary>Raw events as a gateway sends them: 50 connections, 64 bytes per frame, 5,000 per second, in order of time. Deterministic per seed.</summary>
internal static class SyntheticEvents
{
    public const long Start = 1_782_864_000_000_000; // 2026-07-01T00:00:00Z
    public const int PerSecond = 5_000;

    private const int Connections = 50;
    private const int FrameBytes = 64;
    private const int Seed = 42;

    private static readonly string[] _connections = [.. Enumerable.Range(0, Connections).Select(i => $"gateway-{i:00}")];

    /// <summary>Generated batch by batch, so that ten million events need little memory.</summary>
    public static IEnumerable<LaneEvent[]> Batches(int count, int length) => Batches(0, count, length);

    /// <summary>The events of a range of numbers.</summary>
    public static IEnumerable<LaneEvent[]> Batches(int first, int end, int length)
    {
        var random = new Random(Seed + first);
        for (var start = first; start < end; start += length)
        {
            var batch = new LaneEvent[Math.Min(length, end - start)];
            for (var i = 0; i < batch.Length; i++) batch[i] = Make(start + i, random);
            yield return batch;
        }
    }

    public static long TimeOf(int number) => Start + (number * (1_000_000L / PerSecond));

    private static RawEvent Make(int number, Random random)
    {
        var frame = new byte[FrameBytes];
        random.NextBytes(frame);
        var made = new RawEvent
        {
            ScopeId = "bench",
            SourceTime = TimeOf(number),
            ConnectionId = _connections[number % Connections],
            Sequence = number / Connections,
            Content = frame,
        };
        made.Id = made.ComputeId();
        return made;
    }
}
