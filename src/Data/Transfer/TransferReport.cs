using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using SensorDash.Data.Events;

namespace SensorDash.Data.Transfer;

/// <summary>What differs.</summary>
public enum DifferenceKind
{
    /// <summary>In the source only.</summary>
    Missing,

    /// <summary>In the target only.</summary>
    Extra,

    /// <summary>In both, with other values.</summary>
    Different,
}

/// <summary>A row that the two sides do not share.</summary>
/// <param name="Table">Such as sensor_readings, raw_events, nodes.</param>
/// <param name="Key">The key of the row, as text.</param>
/// <param name="Columns">What differs, with both values; null if a side has no such row.</param>
public sealed record Difference(DifferenceKind Kind, string Table, string Key, string? Columns);

/// <summary>The comparison of one part.</summary>
/// <param name="Chunks">Ranges that were compared.</param>
/// <param name="Hash">As 16 hexadecimal digits.</param>
/// <param name="ChangedSinceCopy">Whether the source is no longer as it was when it was copied.</param>
public sealed record PartReport(
    TransferPart Part, bool IsEqual, long Chunks, long SourceRows, long TargetRows, string Hash, string TargetHash, bool ChangedSinceCopy,
    IReadOnlyList<ColumnSummary> SourceColumns, IReadOnlyList<ColumnSummary> TargetColumns)
{
    /// <summary>Whether the source's side is its rows as they were copied: number and hash of them are those that its own commits brought.</summary>
    public bool IsAsCopied { get; init; }
}

/// <summary>The result of a verification: complete only if every row is on both sides with the same values.</summary>
public sealed record TransferReport
{
    private static readonly JsonSerializerOptions _json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public required string Program { get; init; }

    public required TransferRecord Transfer { get; init; }

    /// <summary>RFC 3339.</summary>
    public required string VerifiedAt { get; init; }

    public required bool IsEqual { get; init; }

    public required IReadOnlyList<PartReport> Parts { get; init; }

    /// <summary>Differences in all; <see cref="Differences"/> has the first ones.</summary>
    public required long DifferenceCount { get; init; }

    public required IReadOnlyList<Difference> Differences { get; init; }

    /// <summary>Rows of nodes, metadata and zones that were compared.</summary>
    public required long SmallTableRows { get; init; }

    public required long Rejects { get; init; }

    public required IReadOnlyDictionary<string, long> RejectReasons { get; init; }

    public required IReadOnlyDictionary<string, long> Warnings { get; init; }

    public required IReadOnlyList<string> Notes { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, _json);

    /// <summary>The report for people.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        Line($"Transfer {Transfer.Id} from {Transfer.Source} ({Transfer.SourceKind}) to {Transfer.Target}");
        Line($"Verified at {VerifiedAt} by {Program}: {Verdict}");
        foreach (var part in Parts)
        {
            Line($"");
            Line($"{part.Part}: {(part.IsEqual ? "equal" : "DIFFERENT")}, {part.SourceRows:N0} rows in the source, {part.TargetRows:N0} in the target, {part.Chunks:N0} chunks compared");
            Line($"  hash {part.Hash}{(part.Hash == part.TargetHash ? " on both sides" : $" in the source, {part.TargetHash} in the target")}");
            foreach (var column in part.SourceColumns)
                Line($"  {column.Name}: {column.Min} to {column.Max}, sum {column.Sum}, {column.Nulls} without a value");
            if (part.ChangedSinceCopy) Line($"  The source has changed since it was copied.");
            if (part.IsAsCopied) Line($"  Source: its rows as they were copied, which have the number and the hash of all its commits. 'transfer verify' reads it again.");
        }
        Line($"");
        Line($"Nodes, metadata, zones, users and keys: {SmallTableRows} rows compared.");
        if (DifferenceCount > 0) Line($"{DifferenceCount:N0} differences{(DifferenceCount > Differences.Count ? $", the first {Differences.Count}" : "")}:");
        foreach (var difference in Differences)
            Line($"  {difference.Kind.ToString().ToLowerInvariant()}: {difference.Table} {difference.Key}{(difference.Columns is null ? "" : $": {difference.Columns}")}");
        if (Rejects > 0) Line($"{Rejects:N0} rows were not carried over:");
        foreach (var (reason, count) in RejectReasons) Line($"  {count:N0} × {reason}");
        foreach (var (kind, count) in Warnings) Line($"Warning: {kind} ({count:N0})");
        foreach (var note in Notes) Line($"Note: {note}");
        return text.ToString();

        void Line(FormattableString line) => text.AppendLine(line.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>One line.</summary>
    public string Verdict => !IsEqual ? "the two sides DIFFER" : Rejects > 0 ? "complete, except for rejected rows" : "complete, every row is equal";

    internal static string Hex(long hash) => hash.ToString("x16", CultureInfo.InvariantCulture);

    internal static string Time(long microseconds) => EventTime.Format(microseconds);
}
