using System.Buffers;
using System.Text;
using System.Text.Json;
using NodaTime;
using SensorDash.Data.Events;
using SensorDash.Data.Readings;

namespace SensorDash.Data.Export;

/// <summary>How events are written to a file.</summary>
public enum EventFormat
{
    /// <summary>One event per line, in the format of ingestion.</summary>
    Ndjson,

    /// <summary>One line per event, with the columns of all lanes.</summary>
    Csv,
}

/// <summary>Writes events to a file: any number, in constant memory, with a checksum.</summary>
public sealed class EventExport(IEventStore store)
{
    private const int ChunkLength = 64 * 1024;

    // Fields that support filters come first, then the others, raw events first; fields with the same name share a column.
    private static readonly string[] _fields = [.. EventFields.All.Select(f => f.Name())
        .Union(Lanes.All.Reverse().SelectMany(lane => LaneTable.Of(lane).Own).Select(column => column.WireName))];

    private static readonly string[] _columns = ["lane", "eventId", "scopeId", "sourceTruthTime", "canonicalTruthTime", .. _fields, "content"];

    // The columns of each lane for these fields.
    private static readonly LaneColumn?[][] _cells = [.. Lanes.All.Select(
        lane => _fields.Select(field => LaneTable.Of(lane).Own.FirstOrDefault(column => column.WireName == field)).ToArray())];

    /// <summary>Writes all results of the query, in its order.</summary>
    /// <param name="query">Its limit is ignored; an open end means the latest event at the start of the export.</param>
    /// <param name="format">The format.</param>
    /// <param name="zone">Time zone of the times in a CSV file; null: source times as the producer wrote them, all others in UTC.</param>
    /// <param name="target">Receives the file; <see cref="Stream.Null"/> to compute only the checksum.</param>
    /// <param name="cancellationToken">Cancels the query and the writing; the file is then truncated.</param>
    public async Task<ExportChecksum> WriteAsync(
        EventQuery query, EventFormat format, DateTimeZone? zone, Stream target, CancellationToken cancellationToken)
    {
        // While events arrive, a file without an end would never be complete: it ends with the latest event at the start.
        if (query.To is null) query = query with { To = (await store.FindNewestAsync(EventFilter.All, query.Timebase, cancellationToken))?.TimeBy(query.Timebase) + 1 };
        await using var file = new HashingStream(target);
        var buffer = new ArrayBufferWriter<byte>(ChunkLength + 4096);
        var line = new CsvLine(new CsvOptions(), buffer);
        if (format == EventFormat.Csv)
        {
            foreach (var column in _columns) line.Text(column);
            line.End();
        }
        var rows = 0L;
        await foreach (var page in store.ReadPagesAsync(query, cancellationToken))
        {
            foreach (var laneEvent in page)
            {
                if (format == EventFormat.Csv) WriteCells(line, laneEvent, zone);
                else WriteJson(buffer, laneEvent);
                if (buffer.WrittenCount >= ChunkLength) await FlushAsync(buffer, file, cancellationToken);
            }
            rows += page.Count;
        }
        await FlushAsync(buffer, file, cancellationToken);
        return new ExportChecksum(rows, file.Bytes, file.Sha256());
    }

    private static void WriteJson(ArrayBufferWriter<byte> buffer, LaneEvent laneEvent)
    {
        using (var json = new Utf8JsonWriter(buffer, EventJsonWriter.Options)) EventJsonWriter.Write(json, laneEvent);
        buffer.Write("\n"u8);
    }

    private static void WriteCells(CsvLine line, LaneEvent laneEvent, DateTimeZone? zone)
    {
        line.Text(laneEvent.Lane.Name());
        line.Text(laneEvent.Id.ToString());
        line.Text(laneEvent.ScopeId);
        line.Text(zone is null ? laneEvent.SourceTruthTime : EventTime.Format(laneEvent.SourceTime, zone));
        line.Text(TextOf(laneEvent.CanonicalTime, zone));
        foreach (var column in _cells[(int)laneEvent.Lane]) WriteCell(line, column, laneEvent, zone);
        line.Text(laneEvent.Lane.HoldsJson() ? Encoding.UTF8.GetString(laneEvent.Content) : Convert.ToHexStringLower(laneEvent.Content)); // Not base64: a cell that begins with + would get an apostrophe.
        line.End();
    }

    private static void WriteCell(CsvLine line, LaneColumn? column, LaneEvent laneEvent, DateTimeZone? zone)
    {
        if (column is WholeColumn whole) line.Number(whole.Get(laneEvent));
        else if (column is TimeColumn time) line.Text(time.Get(laneEvent) is { } value ? TextOf(value, zone) : null);
        else line.Text((column as TextColumn)?.Get(laneEvent));
    }

    private static string TextOf(long time, DateTimeZone? zone) => zone is null ? EventTime.Format(time) : EventTime.Format(time, zone);

    private static async ValueTask FlushAsync(ArrayBufferWriter<byte> buffer, Stream file, CancellationToken cancellationToken)
    {
        await file.WriteAsync(buffer.WrittenMemory, cancellationToken);
        buffer.ResetWrittenCount();
    }
}
