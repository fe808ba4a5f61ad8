using System.IO.Pipelines;
using System.Text.Json;

namespace SensorDash.Data.Ingest;

/// <summary>One JSON object per line.</summary>
public sealed class NdjsonParser(PipeReader body, long now) : LineParser(body, now)
{
    private protected override void ParseLine(ReadOnlySpan<byte> line, long number, ParsedBatch batch)
    {
        var fields = default(ReadingFields);
        ReadingFault? fault;
        try
        {
            var reader = new Utf8JsonReader(line);
            reader.Read();
            fault = ReadingJson.Parse(ref reader, ref fields);
            if (fault is null && reader.Read()) fault = new(null, "more than one value on the line");
        }
        catch (JsonException e)
        {
            fault = new(null, $"malformed JSON at byte {e.BytePositionInLine + 1}");
        }
        Add(batch, fields, fault, number);
    }
}
