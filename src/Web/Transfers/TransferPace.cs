using SensorDash.Data.Transfer;

namespace SensorDash.Web.Transfers;

/// <summary>How fast a step of a transfer goes.</summary>
/// <param name="Step">Where it is.</param>
/// <param name="RowsPerSecond">Since the step began; 0 if that is not known yet.</param>
internal readonly record struct TransferPace(TransferStep Step, double RowsPerSecond)
{
    /// <summary>Done, 0 to 100.</summary>
    public double Percent => Step.Total > 0 ? Math.Min(100, 100.0 * Step.Rows / Step.Total) : 100;

    /// <summary>Seconds to the end of the step; null if unknown, or at its end.</summary>
    public double? SecondsLeft => RowsPerSecond > 0 && Step.Total > Step.Rows ? (Step.Total - Step.Rows) / RowsPerSecond : null;

    /// <param name="step">Where it is.</param>
    /// <param name="elapsed">Since the step began, or went on after an interruption.</param>
    /// <param name="firstRows">Rows that were done before.</param>
    public static TransferPace Of(TransferStep step, TimeSpan elapsed, long firstRows)
        => new(step, elapsed > TimeSpan.Zero ? (step.Rows - firstRows) / elapsed.TotalSeconds : 0);

    /// <summary>A duration that need not be exact.</summary>
    public static string Duration(double seconds) => seconds switch
    {
        < 90 => FormattableString.Invariant($"{Math.Ceiling(seconds):F0} s"),
        < 5400 => FormattableString.Invariant($"{seconds / 60:F0} min"),
        _ => FormattableString.Invariant($"{seconds / 3600:F1} h"),
    };
}
