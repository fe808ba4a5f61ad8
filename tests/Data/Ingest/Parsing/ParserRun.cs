using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using SensorDash.Data.Ingest.Parsing;
using SensorDash.Data.Readings;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Ingest.Parsing;

/// <summary>Everything that parsing one body gave.</summary>
internal sealed record ParserRun<TRow>(IReadOnlyList<TRow> Rows, IReadOnlyList<long> Lines, IReadOnlyList<RejectedLine> Rejected, long RejectedCount)
{
    public bool Equals(ParserRun<TRow>? other) => other is not null && Rows.SequenceEqual(other.Rows) && Lines.SequenceEqual(other.Lines)
        && Rejected.SequenceEqual(other.Rejected) && RejectedCount == other.RejectedCount;

    public override int GetHashCode() => HashCode.Combine(Rows.Count, RejectedCount);

    public override string ToString() => $"{string.Join("; ", Rows)} | {string.Join("; ", Rejected)} ({RejectedCount})";
}

/// <summary>Parses bodies.</summary>
internal static class ParserRun
{
    public const long Now = ManualTime.Noon;

    public static BodyParser<Reading> Json(PipeReader body) => new JsonBodyParser<Reading>(body, new ReadingJsonParser(Now));

    public static BodyParser<Reading> Ndjson(PipeReader body) => new NdjsonParser<Reading>(body, new ReadingJsonParser(Now));

    public static BodyParser<Reading> Lines_ns(PipeReader body) => new LineProtocolParser(body, TimePrecision.Nanoseconds, Now);

    public static BodyParser<Reading> Lines_s(PipeReader body) => new LineProtocolParser(body, TimePrecision.Seconds, Now);

    public static Task<ParserRun<TRow>> OfAsync<TRow>(Func<PipeReader, BodyParser<TRow>> parser, string body) => OfAsync(parser, Encoding.UTF8.GetBytes(body));

    /// <summary>Parses a body that has arrived as a whole, in one piece.</summary>
    public static Task<ParserRun<TRow>> OfAsync<TRow>(Func<PipeReader, BodyParser<TRow>> parser, byte[] body)
        => ReadAllAsync(parser(PipeReader.Create(new ReadOnlySequence<byte>(body))));

    /// <summary>Parses a body whose pieces arrive one after the other; the parser has looked at each before the next one comes.</summary>
    public static async Task<ParserRun<TRow>> InPiecesAsync<TRow>(Func<PipeReader, BodyParser<TRow>> parser, byte[] body, IEnumerable<int> cuts)
    {
        // Inline continuations: a flush returns only when the parser has asked for more, so each piece is truly seen on its own.
        var pipe = new Pipe(new PipeOptions(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline,
            pauseWriterThreshold: 0, useSynchronizationContext: false));
        var run = ReadAllAsync(parser(pipe.Reader));
        var start = 0;
        foreach (var cut in cuts.Where(c => c > 0 && c < body.Length).Distinct().Order().Append(body.Length))
        {
            await pipe.Writer.WriteAsync(body.AsMemory(start, cut - start));
            start = cut;
        }
        await pipe.Writer.CompleteAsync();
        return await run;
    }

    public static async Task<ParserRun<TRow>> ReadAllAsync<TRow>(BodyParser<TRow> parser)
    {
        var (rows, lines, batch) = (new List<TRow>(), new List<long>(), new ParsedBatch<TRow>());
        bool more;
        do
        {
            more = await parser.ReadAsync(batch, CancellationToken.None);
            rows.AddRange(batch.CopyRows().Span);
            lines.AddRange(batch.CopyLines());
            batch.Clear();
        }
        while (more);
        return new(rows, lines, parser.Rejected, parser.RejectedCount);
    }
}
