using SensorDash.Data.Events;

namespace SensorDash.Data.Scrub;

/// <summary>The parts of a pass, in their order.</summary>
public enum ScrubPart
{
    /// <summary>What the engines check by themselves.</summary>
    Files,
    Readings,
    Index,
    Events,
    Requests,
    Done,
}

/// <summary>How far a pass over the stores is, and what it found; small enough to be kept in the database.</summary>
public sealed class ScrubState
{
    /// <summary>Findings that are named; others are counted only.</summary>
    public const int MaxNamed = 100;

    private const int MaxNotes = 20;

    /// <summary>Unix microseconds.</summary>
    public long StartedAt { get; set; }

    /// <summary>Unix microseconds; null while it runs.</summary>
    public long? EndedAt { get; set; }

    public ScrubPart Part { get; set; }

    /// <summary>Rows read.</summary>
    public long Rows { get; set; }

    /// <summary>Parts of the engines' own checks that are done.</summary>
    public int Checked { get; set; }

    public ReadingScrubState? Readings { get; set; }

    public EventScrubState? Events { get; set; }

    /// <summary>The last row of the index; null at its beginning.</summary>
    public long? IndexTime { get; set; }

    /// <inheritdoc cref="IndexTime"/>
    public string? IndexId { get; set; }

    /// <summary>The last request; null at the beginning.</summary>
    public string? RequestScope { get; set; }

    /// <inheritdoc cref="RequestScope"/>
    public string? Request { get; set; }

    /// <summary>What has rotted, at most <see cref="MaxNamed"/>.</summary>
    /// <remarks>Replaced, not changed: the page reads it while the pass goes on.</remarks>
    public IReadOnlyList<ScrubFinding> Findings { get; set; } = [];

    /// <summary>All of them.</summary>
    public long FindingCount { get; set; }

    /// <summary>What could not be checked, and why.</summary>
    public IReadOnlyList<string> Notes { get; set; } = [];

    internal void Add(ScrubFinding finding)
    {
        // A pass that goes on after a kill may read a slice again.
        if (Findings.Contains(finding)) return;
        FindingCount++;
        if (Findings.Count < MaxNamed) Findings = [.. Findings, finding];
    }

    internal void Note(string note)
    {
        if (Notes.Count < MaxNotes && !Notes.Contains(note)) Notes = [.. Notes, note];
    }

    internal IndexPosition IndexAfter => IndexTime is { } time && EventId.TryParse(IndexId, out var id) ? new(time, id) : IndexPosition.Start;
}

/// <summary>How far the readings are.</summary>
public sealed class ReadingScrubState
{
    /// <summary>Measured times before this one are done, Unix seconds.</summary>
    public long From { get; set; }

    /// <summary>The last batch whose readings count.</summary>
    public long UpTo { get; set; }

    /// <summary>The last batch whose deletions are taken into account.</summary>
    public long Since { get; set; }

    /// <summary>What the log said about them.</summary>
    public long LogRows { get; set; }

    /// <inheritdoc cref="LogRows"/>
    public long LogHash { get; set; }

    /// <summary>What was read so far.</summary>
    public long Rows { get; set; }

    /// <inheritdoc cref="Rows"/>
    public long Hash { get; set; }

    /// <summary>Measured times before this one were compared with the side path; the sum may begin again.</summary>
    public long ComparedTo { get; set; } = long.MinValue;

    /// <summary>What the side path would change in that sum.</summary>
    public long CopyRows { get; set; }

    /// <inheritdoc cref="CopyRows"/>
    public long CopyHash { get; set; }

    /// <summary>Whether the sum can be compared.</summary>
    public bool IsWhole { get; set; } = true;

    /// <summary>How often it began again because rows were deleted meanwhile.</summary>
    public int Restarts { get; set; }

    /// <summary>The difference that the first reading found; the second one confirms it.</summary>
    public long? SuspectRows { get; set; }

    /// <inheritdoc cref="SuspectRows"/>
    public long SuspectHash { get; set; }
}

/// <summary>How far the events are.</summary>
public sealed class EventScrubState
{
    /// <summary>Canonical times before this one are done, Unix microseconds.</summary>
    public long From { get; set; }

    /// <summary>Where the batches end that are compared together now, exclusive.</summary>
    public long GroupEnd { get; set; }

    /// <summary>Their first canonical time.</summary>
    public long GroupFirst { get; set; }

    /// <summary>Their number of events and the sum of hashes; null between groups.</summary>
    public long? GroupRows { get; set; }

    /// <inheritdoc cref="GroupRows"/>
    public long GroupHash { get; set; }

    /// <summary>What was read of them.</summary>
    public long Rows { get; set; }

    /// <inheritdoc cref="Rows"/>
    public long Hash { get; set; }

    /// <summary>The head when the pass came here: later events are of the next pass.</summary>
    public long UpTo { get; set; }

    /// <summary>Whether these are the oldest events, from which retention has deleted.</summary>
    public bool IsOld { get; set; }

    /// <summary>Events that retention had deleted when they were begun.</summary>
    public long Removed { get; set; }

    /// <summary>How often they began again because retention deleted meanwhile, or to confirm a difference.</summary>
    public int Restarts { get; set; }

    /// <summary>The difference that the first reading found; the second one confirms it.</summary>
    public long? SuspectRows { get; set; }

    /// <inheritdoc cref="SuspectRows"/>
    public long SuspectHash { get; set; }
}
