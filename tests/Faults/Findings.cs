using System.Collections.Concurrent;
using System.Text;
using Xunit.Abstractions;

namespace SensorDash.Faults.Tests;

/// <summary>What an attack found. It goes on after a finding, and fails at its end.</summary>
internal sealed class Findings(ITestOutputHelper output)
{
    private const int MaxShown = 20;
    private const int MaxInputLength = 2_000;

    private const int ProgressEach = 1_000;

    // Of a run of hours one wants to see something before its end.
    private static readonly string? _log = Environment.GetEnvironmentVariable("SENSORDASH_FAULTS_LOG");
    private static readonly Lock _logLock = new();

    private readonly ConcurrentQueue<string> _found = new();
    private readonly ConcurrentDictionary<string, int> _sent = new();
    private int _count;

    /// <param name="attack">The kind of attack and the number of the case, which repeat it together with the seed.</param>
    /// <param name="input">What was sent.</param>
    public void Add(string attack, string what, ReadOnlySpan<byte> input = default)
    {
        var shown = input.Length > MaxInputLength ? input[..MaxInputLength] : input;
        var finding = $"[{attack}] {what}{(input.IsEmpty ? "" : $"\n    input ({input.Length} bytes): {Escaped(shown)}")}";
        Log(finding);
        if (Interlocked.Increment(ref _count) <= MaxShown) _found.Enqueue(finding);
    }

    /// <summary>Counts a case that is over.</summary>
    /// <param name="each">Progress is logged after so many.</param>
    public void Count(string attack, int each = ProgressEach)
    {
        var sent = _sent.AddOrUpdate(attack, 1, (_, count) => count + 1);
        if (sent % each == 0) Log($"{attack}: {sent} with seed {AttackSize.Seed}");
    }

    private static void Log(string line)
    {
        if (_log is null) return;
        lock (_logLock) File.AppendAllText(_log, line + "\n");
    }

    /// <summary>How many findings there are.</summary>
    public int FoundCount => _count;

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
