using Npgsql;
using NpgsqlTypes;
using SensorDash.Data.Events;
using SensorDash.Data.Events.Canonical;

namespace SensorDash.Data.Timescale;

/// <summary>Copies events into the table of their lane in PostgreSQL, and reads them.</summary>
internal static class TimescaleLane
{
    private static readonly string[] _copies = [.. Lanes.All.Select(LaneTable.Of).Select(
        table => $"COPY {table.Name} ({table.Columns}, batch_id) FROM STDIN (FORMAT BINARY)")];

    /// <summary>The COPY statement for the columns that <see cref="WriteAsync"/> writes.</summary>
    public static string CopyInto(Lane lane) => _copies[(int)lane];

    public static async Task WriteAsync(
        NpgsqlBinaryImporter copy, LaneEvent laneEvent, byte[] id, long canonicalTime, long batchId, CancellationToken cancellationToken)
    {
        await copy.StartRowAsync(cancellationToken);
        await copy.WriteAsync(PgTime.OfMicroseconds(canonicalTime), PgTime.Type, cancellationToken);
        await copy.WriteAsync(id, NpgsqlDbType.Bytea, cancellationToken);
        await copy.WriteAsync(laneEvent.ScopeId, NpgsqlDbType.Text, cancellationToken);
        await copy.WriteAsync(PgTime.OfMicroseconds(laneEvent.SourceTime), PgTime.Type, cancellationToken);
        await TextAsync(laneEvent.SourceText);
        await copy.WriteAsync(laneEvent.Content, laneEvent.Lane.HoldsJson() ? NpgsqlDbType.Jsonb : NpgsqlDbType.Bytea, cancellationToken);
        foreach (var column in LaneTable.Of(laneEvent.Lane).Own) await OwnAsync(column);
        await copy.WriteAsync(batchId, NpgsqlDbType.Bigint, cancellationToken);

        Task OwnAsync(LaneColumn column) => column switch
        {
            TextColumn text => TextAsync(text.Get(laneEvent)),
            WholeColumn whole => copy.WriteAsync(whole.Get(laneEvent), NpgsqlDbType.Bigint, cancellationToken),
            TimeColumn time when time.Get(laneEvent) is { } value => copy.WriteAsync(PgTime.OfMicroseconds(value), PgTime.Type, cancellationToken),
            _ => copy.WriteNullAsync(cancellationToken),
        };

        Task TextAsync(string? text)
            => text is null ? copy.WriteNullAsync(cancellationToken) : copy.WriteAsync(text, NpgsqlDbType.Text, cancellationToken);
    }

    /// <summary>The event of the current row of <paramref name="row"/>, of a query of the table's columns.</summary>
    public static LaneEvent Read(LaneTable table, NpgsqlDataReader row, CanonicalJson canonical) => table.Read(row, canonical, PgTime.Origin);
}
