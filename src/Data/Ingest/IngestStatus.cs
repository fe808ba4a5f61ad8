namespace SensorDash.Data.Ingest;

/// <summary>How the writer is doing, for health checks.</summary>
/// <param name="FailingSince">Start of the failures in a row, or null when the last flush succeeded.</param>
/// <param name="LastError">What the store said last, for the log and the operator, never for a client.</param>
/// <param name="RowsCommitted">Rows added since the start.</param>
public sealed record IngestStatus(DateTimeOffset? FailingSince, string? LastError, long RowsCommitted)
{
    public static IngestStatus Initial { get; } = new(null, null, 0);
}
