using System.Globalization;

namespace SensorDash.Data.Transfer;

/// <summary>A place in the commits of a source.</summary>
/// <param name="Epoch">Of the source; eight hexadecimal digits.</param>
/// <param name="Position">Readings: a batch. Events: a canonical time, Unix microseconds.</param>
/// <param name="CommittedAt">When that batch was committed, Unix microseconds; with the number it identifies the history. 0 for events and before the first batch.</param>
public sealed record TransferCursor(string Epoch, long Position, long CommittedAt)
{
    internal long EpochNumber => long.Parse(Epoch, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    internal static string EpochOf(long number) => number.ToString("x8", CultureInfo.InvariantCulture);
}

/// <summary>How far behind its source a part of a target is.</summary>
/// <param name="Applied">The last batch or canonical time that it has.</param>
/// <param name="Head">The last one of the source.</param>
/// <param name="Batches">Batches behind.</param>
/// <param name="Rows">Rows behind, added and deleted.</param>
/// <param name="OldestCommittedAt">When the oldest of these batches was committed, Unix microseconds; null when there are none.</param>
public sealed record TransferLag(long Applied, long Head, long Batches, long Rows, long? OldestCommittedAt)
{
    public bool IsCurrent => Batches == 0 && Applied >= Head;
}

/// <summary>How far a target follows its source.</summary>
/// <param name="Readings">Null if the transfer has none.</param>
/// <param name="Events">Null if the transfer has none.</param>
public sealed record TransferFollowState(TransferLag? Readings, TransferLag? Events)
{
    /// <summary>Whether every batch that the source had is applied.</summary>
    public bool IsCurrent => Readings is not { IsCurrent: false } && Events is not { IsCurrent: false };

    public long Rows => (Readings?.Rows ?? 0) + (Events?.Rows ?? 0);

    /// <summary>When the oldest of the batches behind was committed, Unix microseconds; null when there are none.</summary>
    public long? OldestCommittedAt => new[] { Readings?.OldestCommittedAt, Events?.OldestCommittedAt }.Min();
}
