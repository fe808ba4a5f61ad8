using System.Globalization;
using SensorDash.Data.Transfer;

namespace SensorDash.Web.Commands.Transfer;

/// <summary>Progress on the console: one line that changes in a terminal, else a line every few seconds.</summary>
internal sealed class TransferProgressLine(TextWriter output, bool isTerminal, TimeProvider clock)
{
    private static readonly TimeSpan _inTerminal = TimeSpan.FromSeconds(0.2);
    private static readonly TimeSpan _elsewhere = TimeSpan.FromSeconds(10);

    private (string Step, TransferPart Part)? _current;
    private long _startedAt, _shownAt, _firstRows;
    private int _width;

    public void Show(TransferStep step)
    {
        var isNew = _current != (step.Step, step.Part);
        if (isNew)
        {
            End();
            (_current, _startedAt, _firstRows) = ((step.Step, step.Part), clock.GetTimestamp(), step.Rows);
        }
        var isEnd = step.Rows >= step.Total;
        if (!isNew && !isEnd && clock.GetElapsedTime(_shownAt) < (isTerminal ? _inTerminal : _elsewhere)) return;
        _shownAt = clock.GetTimestamp();
        var line = Line(step, clock.GetElapsedTime(_startedAt), _firstRows);
        if (isTerminal) output.Write('\r' + line.PadRight(_width));
        else output.WriteLine(line);
        _width = line.Length;
    }

    /// <summary>Ends the line that changes.</summary>
    public void End()
    {
        if (isTerminal && _current is not null) output.WriteLine();
        (_current, _width) = (null, 0);
    }

    internal static string Line(TransferStep step, TimeSpan elapsed, long firstRows)
    {
        var done = step.Rows - firstRows;
        var rate = elapsed > TimeSpan.Zero ? done / elapsed.TotalSeconds : 0;
        var share = step.Total > 0 ? 100.0 * step.Rows / step.Total : 100;
        var rest = rate > 0 && step.Total > step.Rows ? $", {Duration((step.Total - step.Rows) / rate)} left" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{step.Step} {step.Part.ToString().ToLowerInvariant()}: {step.Rows:N0} of {step.Total:N0} rows ({share:F0} %)")
            + (done > 0 && rate > 0 ? string.Create(CultureInfo.InvariantCulture, $", {rate:N0} rows/s") : "") + rest;
    }

    internal static string Duration(double seconds) => seconds switch
    {
        < 90 => string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(seconds):F0} s"),
        < 5400 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60:F0} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:F1} h"),
    };
}
