using System.Collections.Concurrent;
using System.Text;
using Xunit.Abstractions;

namespace SensorDash.Faults.Tests;

/// <summary>What an attack found. It goes on after a finding, and fails at its end.</summary>
internal sealed class Findings(ITestOutputHelper output)
{
    private const int MaxShown = 20;
    private const int MaxInputLength = 2_000;

    private readonly ConcurrentQueue<string> _found = new();
    private int _count;

    /// <param name="attack">The kind of attack and the number of the case, which repeat it together with the seed.</param>
    /// <param name="input">What was sent.</param>
    public void Add(string attack, string what, ReadOnlySpan<byte> input = default)
    {
        if (Interlocked.Increment(ref _count) > MaxShown) return;
        var shown = input.Length > MaxInputLength ? input[..MaxInputLength] : input;
        _found.Enqueue($"[{attack}] {what}{(input.IsEmpty ? "" : $"\n    input ({input.Length} bytes): {Escaped(shown)}")}");
    }

    public void AssertNone(string summary)
    {
        output.WriteLine($"seed {AttackSize.Seed}: {summary}; {_count} findings");
        Assert.True(_count == 0, $"seed {AttackSize.Seed}: {_count} findings, the first:\n" + string.Join('\n', _found));
    }

    private static string Escaped(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        foreach (var b in bytes) text.Append(b is >= 0x20 and < 0x7f ? ((char)b).ToString() : $"\\x{b:x2}");
        return text.ToString();
    }
}
