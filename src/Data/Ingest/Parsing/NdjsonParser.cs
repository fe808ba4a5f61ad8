using System.IO.Pipelines;

namespace SensorDash.Data.Ingest.Parsing;

/// <summary>One JSON object per line.</summary>
public sealed class NdjsonParser<TRow>(PipeReader body, IJsonRow<TRow> rows) : LineParser<TRow>(body, rows.MaxLength)
{
    private protected override void ParseLine(ReadOnlySpan<byte> line, long number, ParsedBatch<TRow> batch) => AddJson(batch, rows, line, number);
}
