using System.Data.Common;
using SensorDash.Data.Events.Canonical;

namespace SensorDash.Data.Events;

/// <summary>The table of one lane, the same on every engine: its columns, and how an event is read from them, in one order.</summary>
internal sealed class LaneTable
{
    /// <summary>Columns of the lane's own begin behind those that every lane has and the content.</summary>
    public const int FirstOwn = 6;

    private const string CommonColumns = "canonical_truth_time, event_id, scope_id, source_truth_time, source_text";

    private static readonly LaneTable[] _tables = [
        new(Lane.Metadata, "metadata_events", "payload", "message_type, effective_time, stream_id, manifest_id"),
        new(Lane.Command, "command_events", "payload", "message_type, command_id, request_id, target_id, command_type, timeline_mode"),
        new(Lane.Ui, "ui_events", "data", "message_type, system_id, container_id, unique_id, view_id, manifest_id, manifest_version"),
        new(Lane.Parsed, "parsed_events", "payload", "stream_id, stream_type, schema_version"),
        new(Lane.Raw, "raw_events", "bytes", "connection_id, sequence")];

    private readonly Lane _lane;

    private LaneTable(Lane lane, string name, string content, string own)
    {
        _lane = lane;
        Name = name;
        Content = content;
        Columns = $"{CommonColumns}, {content}, {own}";
    }

    public string Name { get; }

    /// <summary>The column of <see cref="LaneEvent.Content"/>.</summary>
    public string Content { get; }

    /// <summary>What <see cref="Read"/> expects.</summary>
    public string Columns { get; }

    public static LaneTable Of(Lane lane) => _tables[(int)lane];

    /// <summary>The columns of the order of the contract.</summary>
    public string KeyBy(Timebase timebase)
    {
        var time = timebase == Timebase.Source ? "source_truth_time" : "canonical_truth_time";
        return _lane == Lane.Raw ? $"{time}, connection_id, sequence, event_id" : $"{time}, event_id";
    }

    /// <summary>The column of a field that the lane has.</summary>
    public static string ColumnOf(EventField field) => field switch
    {
        EventField.ConnectionId => "connection_id",
        EventField.StreamId => "stream_id",
        EventField.StreamType => "stream_type",
        EventField.SystemId => "system_id",
        EventField.ContainerId => "container_id",
        EventField.UniqueId => "unique_id",
        EventField.ViewId => "view_id",
        EventField.ManifestId => "manifest_id",
        EventField.MessageType => "message_type",
        EventField.CommandId => "command_id",
        EventField.RequestId => "request_id",
        EventField.CommandType => "command_type",
        _ => "target_id",
    };

    /// <summary>The event of the row that <paramref name="row"/> stands on.</summary>
    /// <param name="canonical">Where the engine keeps the values of JSON and not its text; gives the text back.</param>
    public LaneEvent Read(DbDataReader row, CanonicalJson? canonical = null)
    {
        const int Own = FirstOwn;
        var scope = row.GetString(2);
        var sourceTime = row.GetInt64(3);
        var sourceText = TextOrNull(row, 4);
        var content = row.GetFieldValue<byte[]>(5);
        if (canonical is not null && _lane.HoldsJson()) content = canonical.Restore(content);
        LaneEvent read = _lane switch
        {
            Lane.Raw => new RawEvent
            {
                ScopeId = scope,
                SourceTime = sourceTime,
                SourceText = sourceText,
                Content = content,
                ConnectionId = row.GetString(Own),
                Sequence = row.GetInt64(Own + 1),
            },
            Lane.Parsed => new ParsedEvent
            {
                ScopeId = scope,
                SourceTime = sourceTime,
                SourceText = sourceText,
                Content = content,
                StreamId = row.GetString(Own),
                StreamType = row.GetString(Own + 1),
                SchemaVersion = row.GetString(Own + 2),
            },
            Lane.Ui => new UiEvent
            {
                ScopeId = scope,
                SourceTime = sourceTime,
                SourceText = sourceText,
                Content = content,
                MessageType = row.GetString(Own),
                SystemId = row.GetString(Own + 1),
                ContainerId = row.GetString(Own + 2),
                UniqueId = row.GetString(Own + 3),
                ViewId = row.GetString(Own + 4),
                ManifestId = row.GetString(Own + 5),
                ManifestVersion = row.GetString(Own + 6),
            },
            Lane.Command => new CommandEvent
            {
                ScopeId = scope,
                SourceTime = sourceTime,
                SourceText = sourceText,
                Content = content,
                MessageType = row.GetString(Own),
                CommandId = row.GetString(Own + 1),
                RequestId = TextOrNull(row, Own + 2),
                TargetId = row.GetString(Own + 3),
                CommandType = row.GetString(Own + 4),
                TimelineMode = row.GetString(Own + 5),
            },
            _ => new MetadataEvent
            {
                ScopeId = scope,
                SourceTime = sourceTime,
                SourceText = sourceText,
                Content = content,
                MessageType = row.GetString(Own),
                EffectiveTime = row.IsDBNull(Own + 1) ? null : row.GetInt64(Own + 1),
                StreamId = TextOrNull(row, Own + 2),
                ManifestId = TextOrNull(row, Own + 3),
            },
        };
        read.CanonicalTime = row.GetInt64(0);
        read.Id = new EventId(row.GetFieldValue<byte[]>(1));
        return read;
    }

    private static string? TextOrNull(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
