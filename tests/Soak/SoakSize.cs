namespace SensorDash.Soak.Tests;

/// <summary>How long the soak is: short with every test run, full with <c>SENSORDASH_SOAK=full</c>.</summary>
internal static class SoakSize
{
    public static bool IsFull { get; } = Environment.GetEnvironmentVariable("SENSORDASH_SOAK") == "full";

    public static int Choose(int quick, int full) => IsFull ? full : quick;
}
