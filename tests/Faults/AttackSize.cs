using System.Globalization;

namespace SensorDash.Faults.Tests;

/// <summary>How long the attack is and where its chance starts: short with every test run, full with <c>SENSORDASH_FAULTS=full</c>.</summary>
internal static class AttackSize
{
    public static bool IsFull { get; } = Environment.GetEnvironmentVariable("SENSORDASH_FAULTS") == "full";

    /// <summary>Set by <c>SENSORDASH_FAULTS_SEED</c>; the same seed sends the same inputs.</summary>
    public static int Seed { get; } = int.TryParse(Environment.GetEnvironmentVariable("SENSORDASH_FAULTS_SEED"), NumberStyles.Integer, CultureInfo.InvariantCulture, out var seed) ? seed : 20_261_128;

    /// <summary>Set by <c>SENSORDASH_FAULTS_KEEP</c>: where files stay that led to a finding.</summary>
    public static string? KeptFolder { get; } = Environment.GetEnvironmentVariable("SENSORDASH_FAULTS_KEEP");

    public static int Choose(int quick, int full) => IsFull ? full : quick;

    /// <summary>The chance of one case. Each has its own, so that one case can be repeated without those before it.</summary>
    public static Random RandomOf(string attack, int number)
    {
        var hash = 2_166_136_261u; // FNV-1a, because the hash of a string differs from process to process.
        foreach (var c in $"{attack}/{Seed}/{number}") hash = (hash ^ c) * 16_777_619;
        return new Random((int)(hash & int.MaxValue));
    }
}
