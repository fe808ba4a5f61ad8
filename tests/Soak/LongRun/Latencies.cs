namespace SensorDash.Soak.Tests.LongRun;

/// <summary>Durations since the last sample.</summary>
internal sealed class Latencies
{
    private readonly List<double> _milliseconds = [];

    public void Add(TimeSpan time)
    {
        lock (_milliseconds) _milliseconds.Add(time.TotalMilliseconds);
    }

    /// <summary>Percentiles in ms, and a new beginning; zero without any.</summary>
    public double[] Take(params double[] percentiles)
    {
        double[] all;
        lock (_milliseconds)
        {
            all = [.. _milliseconds.Order()];
            _milliseconds.Clear();
        }
        return [.. percentiles.Select(p => all.Length == 0 ? 0 : all[(int)Math.Min(all.Length - 1, all.Length * p / 100)])];
    }
}
