using System.Collections.Immutable;
using System.Data.Common;
using System.Text.Json;
using SensorDash.Data.Events.Canonical;

namespace SensorDash.Data.Events;

/// <summary>The table of one lane, the same on every engine: its columns in order, and how to read an event from them.</summary>
internal sealed class LaneTable
{
    /// <summary>The lane's own columns start after the common columns and the content.</summary>
    public const int FirstOwn = 6;

    private const string CommonColumns = "canonical_truth_time, event_id, scope_id, source_truth_time, source_text";

    private static readonly LaneTable[] _tables = [
        new(Lane.Metadata, "payload", LaneColumns.Metadata, () => new MetadataEvent()),
        new(Lane.Command, "payload", LaneColumns.Command, () => new CommandEvent()),
        new(Lane.Ui, "data", LaneColumns.Ui, () => new UiEvent()),
        new(Lane.Parsed, "payload", LaneColumns.Parsed, () => new ParsedEvent()),
        new(Lane.Raw, "bytes", LaneColumns.Raw, () => new RawEvent())];

    private readonly Lane _lane;
    private readonly TextColumn?[] _byField;
    private readonly Func<LaneEvent> _make;

    private LaneTable(Lane lane, string content, ImmutableArray<LaneColumn> own, Func<LaneEvent> make)
    {
        _lane = lane;
        _byField = [.. EventFields.All.Select(field => own.OfType<TextColumn>().FirstOrDefault(column => column.WireName == field.Name()))];
        _make = make;
        Name = lane.Name() + "_events";
        Own = own;
        Content = content;
        JsonContent = JsonEncodedText.Encode(content);
        Columns = $"{CommonColumns}, {content}, {string.Join(", ", own.Select(column => column.Name))}";
    }

    public string Name { get; }

    /// <summary>The name of <see cref="LaneEvent.Content"/>, in the table and in the API.</summary>
    public string Content { get; }

    /// <summary><see cref="Content"/>, encoded once.</summary>
    public JsonEncodedText JsonContent { get; }

    /// <summary>The lane's own columns.</summary>
    public ImmutableArray<LaneColumn> Own { get; }

    /// <summary>The columns that <see cref="Read"/> expects.</summary>
    public string Columns { get; }

    public static LaneTable Of(Lane lane) => _tables[(int)lane];

    /// <summary>The time column of the order.</summary>
    public static string TimeBy(Timebase timebase) => timebase == Timebase.Source ? "source_truth_time" : "canonical_truth_time";

    /// <summary>The columns of the order of the contract.</summary>
    public string KeyBy(Timebase timebase)
        => _lane == Lane.Raw ? $"{TimeBy(timebase)}, connection_id, sequence, event_id" : $"{TimeBy(timebase)}, event_id";

    /// <summary>The column of a field; null when the lane has none.</summary>
    public TextColumn? Find(EventField field) => _byField[(int)field];

    /// <summary>The name of the column of a field that the lane has.</summary>
    public string ColumnOf(EventField field)
        => Find(field)?.Name ?? throw new ArgumentException($"The lane {_lane.Name()} has no field {field.Name()}.", nameof(field));

    /// <summary>An event of the lane; its own fields are not set yet.</summary>
    public LaneEvent Make(string scopeId, long sourceTime, string? sourceText, byte[] content)
    {
        var made = _make();
        (made.ScopeId, made.SourceTime, made.SourceText, made.Content) = (scopeId, sourceTime, sourceText, content);
        return made;
    }

    /// <summary>The event of the current row of <paramref name="row"/>.</summary>
    /// <param name="canonical">Restores the canonical text if the engine keeps the values of JSON and not its text.</param>
    /// <param name="timeOrigin">The time from which the engine counts microseconds, in Unix microseconds.</param>
    public LaneEvent Read(DbDataReader row, CanonicalJson? canonical = null, long timeOrigin = 0)
    {
        var content = row.GetFieldValue<byte[]>(5);
        if (canonical is not null && _lane.HoldsJson()) content = canonical.Restore(content);
        var read = Make(row.GetString(2), row.GetInt64(3) + timeOrigin, row.IsDBNull(4) ? null : row.GetString(4), content);
        for (var i = 0; i < Own.Length; i++)
        {
            var isNull = Own[i].IsOptional && row.IsDBNull(FirstOwn + i);
            switch (Own[i])
            {
                case TextColumn text:
                    text.Set(read, isNull ? null : row.GetString(FirstOwn + i));
                    break;
                case WholeColumn whole:
                    whole.Set(read, row.GetInt64(FirstOwn + i));
                    break;
                case TimeColumn time:
                    time.Set(read, isNull ? null : row.GetInt64(FirstOwn + i) + timeOrigin);
                    break;
            }
        }
        read.CanonicalTime = row.GetInt64(0) + timeOrigin;
        read.Id = new EventId(row.GetFieldValue<byte[]>(1));
        return read;
    }
}
