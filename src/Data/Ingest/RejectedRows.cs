using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using SensorDash.Data.Events;
using SensorDash.Data.Ingest.Parsing;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Ingest;

/// <summary>Rejected rows of one sender for one reason.</summary>
/// <param name="Kind">readings, events, or requests of senders without the right key.</param>
/// <param name="Sender">The node, or the scope of events; null: the row does not say it.</param>
/// <param name="Origin">The key or user and the address that sent them; null: rows that the store rejected.</param>
/// <param name="Field">The invalid field; null: the whole row.</param>
/// <param name="LatestError">The error of the latest row: rule and value.</param>
/// <param name="Count">Rows in the last 24 hours, to the hour.</param>
/// <param name="First">Time of the first row of the group, Unix seconds; it may be older.</param>
/// <param name="Last">Time of the latest row, Unix seconds.</param>
public sealed record RejectedGroup(string Kind, string? Sender, string? Origin, string? Field, string LatestError, long Count, long First, long Last);

/// <summary>Counts rejected rows of the last 24 hours by sender and reason, so that a node whose readings never arrive can be found. In memory; safe for concurrent use.</summary>
public sealed partial class RejectedRows
{
    /// <summary>Maximum groups; beyond them, the one that was quiet for the longest time is dropped.</summary>
    public const int MaxGroups = 500;

    /// <summary>Maximum groups of one origin; its further senders share one group.</summary>
    public const int MaxGroupsOfOrigin = 100;

    /// <summary>The sender of rows beyond <see cref="MaxGroupsOfOrigin"/>.</summary>
    public const string OtherSenders = "other senders";

    /// <summary>What was rejected: rows, or whole requests of senders without the right key.</summary>
    public const string Readings = "readings", Events = "events", Requests = "requests";

    private const int Hours = 24;

    private readonly int _maxNodes;
    private readonly TimeProvider _clock;
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Kind, string? Sender, string? Origin, string Reason), Group> _groups = [];
    private readonly Dictionary<string, int> _byOrigin = [];

    /// <param name="readings">Its rows that the store rejects are counted too.</param>
    /// <param name="events">As <paramref name="readings"/>.</param>
    /// <param name="options">For the text of the node limit.</param>
    /// <param name="clock">Clock of the hours.</param>
    public RejectedRows(IngestWorker<Reading> readings, IngestWorker<LaneEvent> events, IOptions<IngestOptions> options, TimeProvider clock)
    {
        (_maxNodes, _clock) = (options.Value.MaxNodes, clock);
        readings.Committed += (rows, outcomes) => CountOfStore(Readings, rows, outcomes);
        events.Committed += (rows, outcomes) => CountOfStore(Events, rows, outcomes);
    }

    /// <summary>Counts one row.</summary>
    /// <param name="kind">What is rejected, one of the constants of this class.</param>
    /// <param name="origin">The key or user and the address that sent it; null: not known.</param>
    /// <param name="error">Why it is rejected, and its sender.</param>
    public void Count(string kind, string? origin, RowError error)
    {
        var now = _clock.GetUtcNow();
        // The texts of whole rows contain numbers, such as the position of the fault.
        var reason = error.Field ?? Digits().Replace(error.Error, "0");
        lock (_lock)
        {
            var key = (kind, error.Sender, origin, reason);
            if (!_groups.TryGetValue(key, out var group))
            {
                if (origin is not null && _byOrigin.GetValueOrDefault(origin) >= MaxGroupsOfOrigin) key = (kind, OtherSenders, origin, "");
                if (!_groups.TryGetValue(key, out group)) _groups[key] = group = Add(key, now);
            }
            group.Count(error, now);
        }
    }

    /// <summary>The groups of the last 24 hours, the largest first.</summary>
    public IReadOnlyList<RejectedGroup> Read()
    {
        var now = _clock.GetUtcNow();
        lock (_lock)
        {
            return [.. _groups.Select(g => new RejectedGroup(g.Key.Kind, g.Key.Sender, g.Key.Origin, g.Value.Field, g.Value.LatestError, g.Value.CountAt(now), g.Value.First.ToUnixTimeSeconds(), g.Value.Last.ToUnixTimeSeconds()))
                .Where(g => g.Count > 0).OrderByDescending(g => g.Count).ThenBy(g => g.Sender, StringComparer.Ordinal).ThenBy(g => g.Origin, StringComparer.Ordinal)];
        }
    }

    private Group Add((string Kind, string? Sender, string? Origin, string Reason) key, DateTimeOffset now)
    {
        if (_groups.Count >= MaxGroups)
        {
            var quiet = _groups.MinBy(g => g.Value.Last).Key;
            _groups.Remove(quiet);
            if (quiet.Origin is { } origin && --_byOrigin[origin] == 0) _byOrigin.Remove(origin);
        }
        if (key.Origin is { } from) _byOrigin[from] = _byOrigin.GetValueOrDefault(from) + 1;
        return new Group(now);
    }

    private void CountOfStore<TRow>(string kind, ReadOnlySpan<TRow> rows, ReadOnlySpan<RowOutcome> outcomes)
        where TRow : IRow
    {
        for (var i = outcomes.IndexOfAnyExcept(RowOutcome.Inserted, RowOutcome.Duplicate); i >= 0 && i < outcomes.Length; i++)
            if (Submission.ErrorOf<TRow>(outcomes[i], _maxNodes) is { } error) Count(kind, null, error with { Sender = rows[i].Sender });
    }

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Digits();

    private sealed class Group(DateTimeOffset first)
    {
        private readonly long[] _counts = new long[Hours];
        private long _hour = HourOf(first);

        public DateTimeOffset First { get; } = first;

        public DateTimeOffset Last { get; private set; } = first;

        public string? Field { get; private set; }

        public string LatestError { get; private set; } = "";

        public void Count(RowError error, DateTimeOffset now)
        {
            MoveTo(HourOf(now));
            _counts[_hour % Hours]++;
            (Field, LatestError) = (error.Field, error.Error);
            if (now > Last) Last = now;
        }

        public long CountAt(DateTimeOffset now)
        {
            MoveTo(HourOf(now));
            return _counts.Sum();
        }

        // A clock that is set back counts on in the latest hour.
        private void MoveTo(long hour)
        {
            if (hour - _hour >= Hours) Array.Clear(_counts);
            else for (var next = _hour + 1; next <= hour; next++) _counts[next % Hours] = 0;
            _hour = Math.Max(_hour, hour);
        }

        private static long HourOf(DateTimeOffset time) => time.ToUnixTimeSeconds() / 3_600;
    }
}
