using Npgsql;
using NpgsqlTypes;
using SensorDash.Data.Events;

namespace SensorDash.Data.Timescale;

/// <summary>How events are copied into the table of their lane in PostgreSQL.</summary>
internal static class TimescaleLane
{
    private static readonly string[] _copies = [.. Lanes.All.Select(LaneTable.Of).Select(
        table => $"COPY {table.Name} ({table.Columns}, batch_id) FROM STDIN (FORMAT BINARY)")];

    /// <summary>Takes the columns that <see cref="WriteAsync"/> writes.</summary>
    public static string CopyInto(Lane lane) => _copies[(int)lane];

    public static async Task WriteAsync(
        NpgsqlBinaryImporter copy, LaneEvent laneEvent, byte[] id, long canonicalTime, long batchId, CancellationToken cancellationToken)
    {
        await copy.StartRowAsync(cancellationToken);
        await copy.WriteAsync(canonicalTime, NpgsqlDbType.Bigint, cancellationToken);
        await copy.WriteAsync(id, NpgsqlDbType.Bytea, cancellationToken);
        await copy.WriteAsync(laneEvent.ScopeId, NpgsqlDbType.Text, cancellationToken);
        await copy.WriteAsync(laneEvent.SourceTime, NpgsqlDbType.Bigint, cancellationToken);
        await TextAsync(laneEvent.SourceText);
        await copy.WriteAsync(laneEvent.Content, laneEvent.Lane.HoldsJson() ? NpgsqlDbType.Jsonb : NpgsqlDbType.Bytea, cancellationToken);
        switch (laneEvent)
        {
            case RawEvent e:
                await TextAsync(e.ConnectionId);
                await copy.WriteAsync(e.Sequence, NpgsqlDbType.Bigint, cancellationToken);
                break;
            case ParsedEvent e:
                await TextsAsync(e.StreamId, e.StreamType, e.SchemaVersion);
                break;
            case UiEvent e:
                await TextsAsync(e.MessageType, e.SystemId, e.ContainerId, e.UniqueId, e.ViewId, e.ManifestId, e.ManifestVersion);
                break;
            case CommandEvent e:
                await TextsAsync(e.MessageType, e.CommandId, e.RequestId, e.TargetId, e.CommandType, e.TimelineMode);
                break;
            case MetadataEvent e:
                await TextAsync(e.MessageType);
                if (e.EffectiveTime is { } effective) await copy.WriteAsync(effective, NpgsqlDbType.Bigint, cancellationToken);
                else await copy.WriteNullAsync(cancellationToken);
                await TextsAsync(e.StreamId, e.ManifestId);
                break;
        }
        await copy.WriteAsync(batchId, NpgsqlDbType.Bigint, cancellationToken);

        async Task TextsAsync(params string?[] texts)
        {
            foreach (var text in texts) await TextAsync(text);
        }

        Task TextAsync(string? text)
            => text is null ? copy.WriteNullAsync(cancellationToken) : copy.WriteAsync(text, NpgsqlDbType.Text, cancellationToken);
    }
}
