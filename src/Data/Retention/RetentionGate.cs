using SensorDash.Data.Events;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Retention;

/// <summary>The store of ingest, without rows that retention would delete at once: acknowledging them as stored would be a lie.</summary>
internal abstract class RetentionGate<TRow>(IRowStore<TRow> store) : IRowStore<TRow>
    where TRow : IRow
{
    public async Task<int> AppendAsync(ReadOnlyMemory<TRow> batch, Memory<RowOutcome> outcomes, CancellationToken cancellationToken)
    {
        var places = FindKept(batch.Span);
        if (places is null) return await store.AppendAsync(batch, outcomes, cancellationToken);
        var (kept, ofKept) = (new TRow[places.Count], new RowOutcome[places.Count]);
        for (var i = 0; i < kept.Length; i++) kept[i] = batch.Span[places[i]];
        var added = kept.Length == 0 ? 0 : await store.AppendAsync(kept, ofKept, cancellationToken);
        outcomes.Span[..batch.Length].Fill(RowOutcome.TooOld);
        for (var i = 0; i < kept.Length; i++) outcomes.Span[places[i]] = ofKept[i];
        return added;
    }

    // The places of the rows that may be stored; null for all.
    private List<int>? FindKept(ReadOnlySpan<TRow> batch)
    {
        if (!IsOn) return null;
        Begin();
        var first = 0;
        while (first < batch.Length && !IsTooOld(batch[first])) first++;
        if (first == batch.Length) return null;
        List<int> kept = [.. Enumerable.Range(0, first)];
        for (var i = first; i < batch.Length; i++)
            if (!IsTooOld(batch[i])) kept.Add(i);
        return kept;
    }

    protected abstract bool IsOn { get; }

    /// <summary>Before the rows of a batch. Ingest has one writer.</summary>
    protected abstract void Begin();

    protected abstract bool IsTooOld(TRow row);
}

/// <summary>Readings older than their node keeps.</summary>
internal sealed class ReadingRetentionGate(IRowStore<Reading> store, RetentionRules rules, TimeProvider clock) : RetentionGate<Reading>(store)
{
    private ReadingRules _rules = ReadingRules.Forever;
    private long _today;

    protected override bool IsOn => rules.Options.Readings.IsOn;

    protected override void Begin() => (_rules, _today) = (rules.Readings, ReadingRules.Today(clock));

    protected override bool IsTooOld(Reading row) => row.Timestamp < _rules.KeptFrom(row.NodeAddress, _today);
}

/// <summary>Events whose source time is older than their lane keeps.</summary>
internal sealed class EventRetentionGate(IRowStore<LaneEvent> store, RetentionRules rules) : RetentionGate<LaneEvent>(store)
{
    private readonly long[] _from = new long[Lanes.All.Count];

    protected override bool IsOn => rules.Options.Events.IsOn;

    protected override void Begin()
    {
        foreach (var lane in Lanes.All) _from[(int)lane] = rules.AcceptedFrom(lane);
    }

    protected override bool IsTooOld(LaneEvent row) => row.SourceTime < _from[(int)row.Lane];
}
