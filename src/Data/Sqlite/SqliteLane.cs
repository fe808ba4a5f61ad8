using System.Text;
using SensorDash.Data.Events;
using SQLitePCL;

namespace SensorDash.Data.Sqlite;

/// <summary>How an event is bound to the table of its lane in SQLite.</summary>
internal sealed class SqliteLane
{
    private static readonly SqliteLane[] _lanes = [.. Lanes.All.Select(lane => new SqliteLane(LaneTable.Of(lane)))];

    private SqliteLane(LaneTable table)
    {
        var count = table.Columns.Count(c => c == ',') + 2;
        Insert = $"INSERT INTO {table.Name} ({table.Columns}, batch_id) VALUES ({string.Join(", ", Enumerable.Repeat("?", count))})";
        BatchParameter = count;
    }

    public string Insert { get; }

    /// <summary>Number of the batch's parameter in <see cref="Insert"/>.</summary>
    public int BatchParameter { get; }

    public static SqliteLane Of(Lane lane) => _lanes[(int)lane];

    /// <summary>Binds everything but the batch.</summary>
    public static void Bind(sqlite3_stmt insert, LaneEvent laneEvent, long canonicalTime, ReadOnlySpan<byte> id)
    {
        raw.sqlite3_bind_int64(insert, 1, canonicalTime);
        raw.sqlite3_bind_blob(insert, 2, id);
        BindText(insert, 3, laneEvent.ScopeId);
        raw.sqlite3_bind_int64(insert, 4, laneEvent.SourceTime);
        BindText(insert, 5, laneEvent.SourceText);
        if (laneEvent is RawEvent) raw.sqlite3_bind_blob(insert, LaneTable.FirstOwn, laneEvent.Content);
        else raw.sqlite3_bind_text(insert, LaneTable.FirstOwn, laneEvent.Content);
        BindOwn(insert, laneEvent);
    }

    private static void BindOwn(sqlite3_stmt insert, LaneEvent laneEvent)
    {
        const int Own = LaneTable.FirstOwn + 1; // Parameters count from 1.
        switch (laneEvent)
        {
            case RawEvent e:
                BindText(insert, Own, e.ConnectionId);
                raw.sqlite3_bind_int64(insert, Own + 1, e.Sequence);
                break;
            case ParsedEvent e:
                BindTexts(insert, Own, e.StreamId, e.StreamType, e.SchemaVersion);
                break;
            case UiEvent e:
                BindTexts(insert, Own, e.MessageType, e.SystemId, e.ContainerId, e.UniqueId, e.ViewId, e.ManifestId, e.ManifestVersion);
                break;
            case CommandEvent e:
                BindTexts(insert, Own, e.MessageType, e.CommandId, e.RequestId, e.TargetId, e.CommandType, e.TimelineMode);
                break;
            case MetadataEvent e:
                BindText(insert, Own, e.MessageType);
                if (e.EffectiveTime is { } effective) raw.sqlite3_bind_int64(insert, Own + 1, effective);
                else raw.sqlite3_bind_null(insert, Own + 1);
                BindTexts(insert, Own + 2, e.StreamId, e.ManifestId);
                break;
        }
    }

    private static void BindTexts(sqlite3_stmt insert, int first, params ReadOnlySpan<string?> texts)
    {
        foreach (var text in texts) BindText(insert, first++, text);
    }

    private static void BindText(sqlite3_stmt insert, int index, string? text)
    {
        if (text is null)
        {
            raw.sqlite3_bind_null(insert, index);
            return;
        }
        Span<byte> utf8 = stackalloc byte[1024]; // Every text of an event is at most 256 bytes long.
        raw.sqlite3_bind_text(insert, index, utf8[..Encoding.UTF8.GetBytes(text, utf8)]);
    }
}
