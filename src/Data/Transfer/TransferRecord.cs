using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SensorDash.Data.Transfer;

/// <summary>Where a transfer stands.</summary>
public enum TransferState
{
    /// <summary>Rows are missing; the same command goes on.</summary>
    Copying,

    /// <summary>All rows are copied and not verified yet.</summary>
    Copied,

    /// <summary>Both sides were compared and are equal.</summary>
    Verified,

    /// <summary>Both sides were compared and differ.</summary>
    Different,

    /// <summary>It was given up before all rows were copied; what is copied stays, and another transfer may begin.</summary>
    Abandoned,
}

/// <summary>Where a source was when a transfer began.</summary>
/// <param name="Readings">Its newest batch.</param>
/// <param name="Events">Its newest event; null if the transfer has none.</param>
public sealed record TransferStart(TransferCursor Readings, TransferCursor? Events);

/// <summary>A transfer in the ledger of its target.</summary>
public sealed record TransferRecord
{
    private static readonly JsonSerializerOptions _json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>Ascending from 1.</summary>
    public long Id { get; init; }

    public required string SourceKind { get; init; }

    public required string Source { get; init; }

    public required string Target { get; init; }

    public TransferState State { get; init; }

    /// <summary>Unix microseconds of the clock of the program.</summary>
    public long StartedAt { get; init; }

    public long? CopiedAt { get; init; }

    public long? VerifiedAt { get; init; }

    /// <summary>Readings to copy: measured times, Unix seconds.</summary>
    public required TransferRange Readings { get; init; }

    /// <summary>Events to copy: canonical times, Unix microseconds.</summary>
    public required TransferRange Events { get; init; }

    public long Rejects { get; init; }

    /// <summary>Up to where the source was compared the last time; null if that was never, or it is not a store of SensorDash.</summary>
    public TransferStart? VerifiedUpTo { get; init; }

    /// <summary>The newest row of each table of a file that is followed, before the first chunk; null for other sources.</summary>
    public IReadOnlyDictionary<string, long>? RowIds { get; init; }

    /// <summary>Where the source was before the first chunk; null if it is not a store of SensorDash, or was not to be followed.</summary>
    public TransferStart? Start { get; init; }

    /// <summary>Whether a verified source or target is no longer what was compared.</summary>
    /// <param name="now">Where it is.</param>
    public bool IsStale(TransferStart now)
        => VerifiedAt is not null && VerifiedUpTo is { } then && (now.Readings != then.Readings || (then.Events is not null && now.Events != then.Events));

    internal TransferRange RangeOf(TransferPart part) => part == TransferPart.Readings ? Readings : Events;

    public bool IsFrom(ITransferSource source) => Source == source.Name && SourceKind == source.Kind;

    /// <summary>Whether a command with these arguments means this transfer.</summary>
    public bool IsOf(ITransferSource source, TransferOptions options)
        => IsFrom(source) && Readings == options.Readings && Events == options.Events;

    internal string ToJson() => JsonSerializer.Serialize(this, _json);

    internal static TransferRecord Parse(string json) => JsonSerializer.Deserialize<TransferRecord>(json, _json)!;
}
