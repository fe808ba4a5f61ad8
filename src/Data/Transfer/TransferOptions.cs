namespace SensorDash.Data.Transfer;

/// <summary>How a transfer runs.</summary>
public sealed record TransferOptions
{
    /// <summary>Measured times to copy, Unix seconds.</summary>
    public TransferRange Readings { get; init; } = TransferRange.All;

    /// <summary>Canonical times to copy, Unix microseconds.</summary>
    public TransferRange Events { get; init; } = TransferRange.All;

    /// <summary>Rows of a chunk, 1 to 100,000; null: as many as half a second takes.</summary>
    public int? BatchSize { get; init; }

    /// <summary>Maximum rows per second; null: as fast as possible.</summary>
    public long? RateLimit { get; init; }

    /// <summary>Whether the source goes on being written, and its commits are applied after the chunks.</summary>
    public bool Follows { get; init; }

    /// <summary>Whether users, keys and the audit log are copied too, to a store without users and API keys of its own. A source that is followed copies them in any case.</summary>
    public bool MovesAccess { get; init; }

    internal TransferRange RangeOf(TransferPart part) => part == TransferPart.Readings ? Readings : Events;

    /// <summary>Whether all times are copied.</summary>
    public bool IsWhole => Readings == TransferRange.All && Events == TransferRange.All;
}

/// <summary>A step of a transfer, for the console.</summary>
/// <param name="Step">copy, verify.</param>
/// <param name="Part">What.</param>
/// <param name="Rows">Rows so far.</param>
/// <param name="Total">Rows in all, as far as known.</param>
public readonly record struct TransferStep(string Step, TransferPart Part, long Rows, long Total);
