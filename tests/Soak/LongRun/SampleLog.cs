using System.Globalization;

namespace SensorDash.Soak.Tests.LongRun;

/// <summary>Samples of a run, also in a file as they are taken: <c>SENSORDASH_SOAK_LOG</c>, values separated by tabs.</summary>
internal sealed class SampleLog
{
    private readonly string? _file = Environment.GetEnvironmentVariable("SENSORDASH_SOAK_LOG");
    private readonly List<IReadOnlyDictionary<string, double>> _samples = [];

    public void Add(IReadOnlyDictionary<string, double> sample)
    {
        if (_file is not null && _samples.Count == 0) File.WriteAllText(_file, string.Join('\t', sample.Keys) + "\n");
        if (_file is not null) File.AppendAllText(_file, string.Join('\t', sample.Values.Select(Text)) + "\n");
        _samples.Add(sample);
    }

    /// <summary>A remark in the file.</summary>
    public void Note(string text)
    {
        if (_file is not null) File.AppendAllText(_file + ".notes", text + "\n");
    }

    /// <summary>Columns whose name begins so, each with its median in the middle third and in the last: the first third fills caches, buffers and the days that retention keeps.</summary>
    public IEnumerable<(string Column, double Middle, double Last)> Medians(string prefix)
        => _samples[0].Keys.Where(column => column.StartsWith(prefix, StringComparison.Ordinal)).Select(column => (column, Median(column, 1), Median(column, 2)));

    private double Median(string column, int third)
    {
        var values = _samples.Skip(_samples.Count * third / 3).Take(_samples.Count / 3).Select(sample => sample[column]).Order().ToList();
        return values[values.Count / 2];
    }

    public static string Text(double value) => value.ToString(Math.Abs(value) < 1000 ? "0.##" : "0", CultureInfo.InvariantCulture);
}
