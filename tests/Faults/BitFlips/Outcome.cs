using System.Collections.Concurrent;
using System.Globalization;

namespace SensorDash.Faults.Tests.BitFlips;

/// <summary>What became of a flipped bit.</summary>
internal enum Outcome
{
    /// <summary>Every value is as it was, and nobody said anything: free space, padding.</summary>
    NoChange,

    /// <summary>The engine refused the file or a page, or its own check found it.</summary>
    FoundByEngine,

    /// <summary>The scrub named the row.</summary>
    Named,

    /// <summary>The scrub found it by a sum, and no second copy or id tells the row.</summary>
    Found,

    /// <summary>A value has changed of which there is no second copy, no id and no sum: of names, counters, keys, batch numbers and times of commits.</summary>
    WithoutCopy,

    /// <summary>A value of a reading or event has changed, and nobody said so, or did not name it although a second copy or an id exists.</summary>
    Missed,
}

/// <summary>Counts outcomes by the kind of store.</summary>
internal sealed class Outcomes
{
    private readonly ConcurrentDictionary<Outcome, int> _counts = new();

    public void Add(Outcome outcome) => _counts.AddOrUpdate(outcome, 1, (_, count) => count + 1);

    public override string ToString()
        => string.Join(", ", Enum.GetValues<Outcome>().Select(outcome => string.Create(CultureInfo.InvariantCulture, $"{outcome} {_counts.GetValueOrDefault(outcome)}")));
}
