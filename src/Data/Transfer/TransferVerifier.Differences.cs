using System.Globalization;
using SensorDash.Data.Events;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Transfer;

/// <summary>Names the rows that differ.</summary>
public sealed partial class TransferVerifier
{
    private const int RowsOfASlice = 5_000; // Of a chunk that differs.
    private const int MaxNamed = 100;

    private readonly List<Difference> _differences = [];
    private long _differenceCount;

    // Only the slices of the chunk that differ are compared row by row.
    private async Task NameDifferencesAsync<TRow>(ReadOnlyMemory<TRow> page, TransferRange chunk, Rows<TRow> rows, Func<TRow, bool>? isAhead, CancellationToken cancellationToken)
    {
        var inOrder = page.ToArray();
        Array.Sort(inOrder, (one, other) => rows.TimeOf(one).CompareTo(rows.TimeOf(other)));
        for (var (start, from) = (0, chunk.From); from < chunk.To;)
        {
            var end = Math.Min(start + RowsOfASlice, inOrder.Length);
            while (end < inOrder.Length && rows.TimeOf(inOrder[end]) == rows.TimeOf(inOrder[end - 1])) end++; // The whole instant.
            var slice = new TransferRange(from, end < inOrder.Length ? rows.TimeOf(inOrder[end]) : chunk.To);
            var (expected, ofSource) = (inOrder.AsMemory(start, end - start), new TransferSummary());
            rows.AddTo(ofSource, expected.Span);
            if (!ofSource.Equals(await SummarizeTargetAsync(slice, rows, isAhead, cancellationToken))) await NameRowsAsync(expected, slice, rows, isAhead, cancellationToken);
            (start, from) = (end, slice.To);
        }
    }

    // The rows of the target are read page by page, because there may be any number of them.
    private async Task NameRowsAsync<TRow>(ReadOnlyMemory<TRow> ofSource, TransferRange slice, Rows<TRow> rows, Func<TRow, bool>? isAhead, CancellationToken cancellationToken)
    {
        var expected = new Dictionary<string, TRow>(ofSource.Length);
        foreach (var row in ofSource.Span) expected[rows.Name(row)] = row;
        for (var from = slice.From; from < slice.To;)
        {
            var other = await rows.ReadTarget(new(from, slice.To), RowsOfASlice, cancellationToken);
            foreach (var row in Without(other.Rows, isAhead).Span)
            {
                var name = rows.Name(row);
                if (!expected.Remove(name, out var there)) Note(DifferenceKind.Extra, name, null);
                else if (Differing(rows.Describe(there), rows.Describe(row)) is { } columns) Note(DifferenceKind.Different, name, columns);
            }
            from = other.End;
        }
        foreach (var name in expected.Keys) Note(DifferenceKind.Missing, name, null);
    }

    private static string? Differing(IEnumerable<(string Column, string? Value)> source, IEnumerable<(string Column, string? Value)> target)
    {
        var different = source.Zip(target).Where(pair => pair.First.Value != pair.Second.Value)
            .Select(pair => $"{pair.First.Column} is {Shown(pair.First.Value)} in the source and {Shown(pair.Second.Value)} in the target").ToArray();
        return different.Length == 0 ? null : string.Join("; ", different);
    }

    private static string Shown(string? value) => value is null ? "absent" : OutsideText.Shown(value);

    private static IEnumerable<(string, string?)> Describe(Reading r) => [
        ("temperature_centidegrees", Text(r.TemperatureCentidegrees)), ("humidity_centipercent", Text(r.HumidityCentipercent)), ("flags", Text(r.Flags)),
        ("received_at", Text(r.ReceivedAt))];

    private static IEnumerable<(string, string?)> Describe(LaneEvent e) => [
        ("scope_id", e.ScopeId), ("source_truth_time", Text(e.SourceTime)), ("source_text", e.SourceText),
        .. LaneTable.Of(e.Lane).Own.Select(column => (column.Name, column switch
        {
            TextColumn text => text.Get(e),
            WholeColumn whole => Text(whole.Get(e)),
            TimeColumn time => Text(time.Get(e)),
            _ => null,
        })),
        (LaneTable.Of(e.Lane).Content, e.Lane.HoldsJson() ? System.Text.Encoding.UTF8.GetString(e.Content) : Convert.ToHexStringLower(e.Content))];

    private static string? Text(long? value) => value?.ToString(CultureInfo.InvariantCulture);

    private void Note(DifferenceKind kind, string name, string? columns)
    {
        var space = name.IndexOf(' ', StringComparison.Ordinal);
        Note(new(kind, name[..space], name[(space + 1)..], columns));
    }

    private void Note(Difference difference)
    {
        _differenceCount++;
        if (_differences.Count < MaxNamed) _differences.Add(difference);
    }
}
