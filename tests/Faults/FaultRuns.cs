using System.Globalization;

namespace SensorDash.Faults.Tests;

/// <summary>The cases of an attack that this run tries. With <c>SENSORDASH_FAULTS_RUNS=FILE</c> a run goes on where former ones ended, also when it is ended early.</summary>
/// <param name="attack">Name of the attack, without line ends and tabs.</param>
/// <param name="quick">Cases of a short run.</param>
/// <param name="full">Cases of full runs together.</param>
internal sealed class FaultRuns(string attack, int quick, int full)
{
    private static readonly string? _file = Environment.GetEnvironmentVariable("SENSORDASH_FAULTS_RUNS");
    private static readonly Lock _fileLock = new();

    private readonly int _first = AttackSize.IsFull && _file is not null && File.Exists(_file)
        ? File.ReadLines(_file).Select(line => line.Split('\t')).Where(run => run[0] == attack).Sum(run => int.Parse(run[3], CultureInfo.InvariantCulture))
        : 0;

    /// <summary>Numbers of the cases that are left.</summary>
    public IEnumerable<int> Left => Enumerable.Range(_first, Math.Max(0, AttackSize.Choose(quick, full) - _first));

    public string Summary => string.Create(CultureInfo.InvariantCulture, $"{attack}: cases {_first} to {AttackSize.Choose(quick, full)}");

    /// <summary>Notes that the next <paramref name="cases"/> are over: attack, seed, first number, cases, findings so far.</summary>
    public void Done(int number, Findings findings, int cases = 1)
    {
        if (!AttackSize.IsFull || _file is null) return;
        lock (_fileLock) File.AppendAllText(_file, string.Create(CultureInfo.InvariantCulture, $"{attack}\t{AttackSize.Seed}\t{number}\t{cases}\t{findings.FoundCount}\n"));
    }
}
