using System.Text;
using SensorDash.Data.Events;
using SQLitePCL;

namespace SensorDash.Data.Sqlite;

/// <summary>Binds an event to the table of its lane in SQLite.</summary>
internal sealed class SqliteLane
{
    private static readonly SqliteLane[] _lanes = [.. Lanes.All.Select(lane => new SqliteLane(LaneTable.Of(lane)))];

    private SqliteLane(LaneTable table)
    {
        BatchParameter = LaneTable.FirstOwn + table.Own.Length + 1; // After all others; parameters count from 1.
        Insert = $"INSERT INTO {table.Name} ({table.Columns}, batch_id) VALUES ({string.Join(", ", Enumerable.Repeat("?", BatchParameter))})";
    }

    public string Insert { get; }

    /// <summary>Number of the batch's parameter in <see cref="Insert"/>.</summary>
    public int BatchParameter { get; }

    public static SqliteLane Of(Lane lane) => _lanes[(int)lane];

    /// <summary>Binds all parameters except the batch.</summary>
    public static void Bind(sqlite3_stmt insert, LaneEvent laneEvent, long canonicalTime, ReadOnlySpan<byte> id)
    {
        raw.sqlite3_bind_int64(insert, 1, canonicalTime);
        raw.sqlite3_bind_blob(insert, 2, id);
        BindText(insert, 3, laneEvent.ScopeId);
        raw.sqlite3_bind_int64(insert, 4, laneEvent.SourceTime);
        BindText(insert, 5, laneEvent.SourceText);
        if (laneEvent is RawEvent) raw.sqlite3_bind_blob(insert, LaneTable.FirstOwn, laneEvent.Content);
        else raw.sqlite3_bind_text(insert, LaneTable.FirstOwn, laneEvent.Content);
        var parameter = LaneTable.FirstOwn + 1;
        foreach (var column in LaneTable.Of(laneEvent.Lane).Own) BindOwn(insert, parameter++, column, laneEvent);
    }

    private static void BindOwn(sqlite3_stmt insert, int parameter, LaneColumn column, LaneEvent laneEvent)
    {
        switch (column)
        {
            case TextColumn text:
                BindText(insert, parameter, text.Get(laneEvent));
                break;
            case WholeColumn whole:
                raw.sqlite3_bind_int64(insert, parameter, whole.Get(laneEvent));
                break;
            case TimeColumn time:
                if (time.Get(laneEvent) is { } value) raw.sqlite3_bind_int64(insert, parameter, value);
                else raw.sqlite3_bind_null(insert, parameter);
                break;
        }
    }

    private static void BindText(sqlite3_stmt insert, int index, string? text)
    {
        if (text is null)
        {
            raw.sqlite3_bind_null(insert, index);
            return;
        }
        Span<byte> utf8 = stackalloc byte[1024]; // Every string of an event is at most 256 bytes long.
        raw.sqlite3_bind_text(insert, index, utf8[..Encoding.UTF8.GetBytes(text, utf8)]);
    }
}
