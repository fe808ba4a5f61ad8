using System.Globalization;
using SensorDash.Data.Transfer;
using SensorDash.Web.Transfers;

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
        var line = Line(TransferPace.Of(step, clock.GetElapsedTime(_startedAt), _firstRows));
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

    internal static string Line(TransferPace pace)
    {
        var step = pace.Step;
        var rest = pace.SecondsLeft is { } left ? $", {TransferPace.Duration(left)} left" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{step.Step} {step.Part.ToString().ToLowerInvariant()}: {step.Rows:N0} of {step.Total:N0} rows ({pace.Percent:F0} %)")
            + (pace.RowsPerSecond > 0 ? string.Create(CultureInfo.InvariantCulture, $", {pace.RowsPerSecond:N0} rows/s") : "") + rest;
    }
}
