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
}

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

    internal TransferRange RangeOf(TransferPart part) => part == TransferPart.Readings ? Readings : Events;

    /// <summary>Whether a command with these arguments means this transfer.</summary>
    public bool IsOf(ITransferSource source, TransferOptions options)
        => Source == source.Name && SourceKind == source.Kind && Readings == options.Readings && Events == options.Events;

    internal string ToJson() => JsonSerializer.Serialize(this, _json);

    internal static TransferRecord Parse(string json) => JsonSerializer.Deserialize<TransferRecord>(json, _json)!;
}
