namespace SensorDash.Data.Ingest;

/// <summary>State of the writer, for health checks.</summary>
/// <param name="FailingSince">Start of the consecutive failures, or null when the last flush succeeded.</param>
/// <param name="LastError">Last error of the store, for the log, never for a client.</param>
/// <param name="RowsCommitted">Rows added since startup.</param>
public sealed record IngestStatus(DateTimeOffset? FailingSince, string? LastError, long RowsCommitted)
{
    public static IngestStatus Initial { get; } = new(null, null, 0);
}
