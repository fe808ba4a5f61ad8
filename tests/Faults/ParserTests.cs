using System.IO.Pipelines;
using SensorDash.Data.Events;
using SensorDash.Data.Ingest.Parsing;
using SensorDash.Data.Readings;
using SensorDash.Faults.Tests.Bodies;
using Xunit.Abstractions;

namespace SensorDash.Faults.Tests;

/// <summary>The parsers alone, because they take a thousand times as many bodies as a server: every body gives what the reference says, in pieces of any size.</summary>
public sealed class ParserTests(ITestOutputHelper output)
{
    private const long Now = 1_790_000_000;

    private static readonly int[] _nodes = [1, 2, 1_000, int.MaxValue];

    [Fact]
    public async Task Readings_AnyBody_AreWhatTheReferenceSays()
    {
        var findings = new Findings(output);
        var bodies = AttackSize.Choose(quick: 2_000, full: 700_000);
        var accepted = 0L;
        await Parallel.ForAsync(0, bodies, async (number, cancellationToken) =>
        {
            var random = AttackSize.RandomOf("readings", number);
            var made = new ReadingGrammar(_nodes, Now).Make(random);
            var isMutated = random.Rarely(2);
            var bytes = isMutated ? Mutation.Mutate(random, made.Bytes) : made.Bytes;
            var expected = ReferenceReadings.Of(made.Format, bytes, Now, made.UnitsPerSecond);
            if (!isMutated && !expected.Accepted.SequenceEqual(made.Intended)) findings.Add($"readings {number}", "the reference differs from what was meant", bytes);
            try
            {
                var found = await ParseAsync(made.Format, bytes, made.UnitsPerSecond, random, cancellationToken);
                Interlocked.Add(ref accepted, found.Accepted.Count);
                var given = expected.Accepted.Select(e => e with { Row = e.Row with { Received = e.Row.Received ?? Now } });
                if (!found.Accepted.SequenceEqual(given))
                    findings.Add($"readings {number}", $"{made.Format}: accepted {Shown(found.Accepted.Except(given))}, not {Shown(given.Except(found.Accepted))}", bytes);
                if (expected.EndsEarly ? found.Rejected < 1 : found.Rejected != expected.Rejected.Count)
                    findings.Add($"readings {number}", $"{made.Format}: {found.Rejected} rejected, not {expected.Rejected.Count}", bytes);
            }
            catch (Exception e)
            {
                findings.Add($"readings {number}", $"{made.Format}: {e}", bytes);
            }
        });
        findings.AssertNone($"{bodies} bodies of readings, {accepted} readings accepted");
    }

    [Fact]
    public async Task Events_AnyBody_AreWhatTheirAuthorMeant()
    {
        var findings = new Findings(output);
        var bodies = AttackSize.Choose(quick: 1_000, full: 250_000);
        var accepted = 0L;
        await Parallel.ForAsync(0, bodies, async (number, cancellationToken) =>
        {
            var random = AttackSize.RandomOf("events", number);
            var made = new EventGrammar("scope").Make(random);
            var isMutated = random.Rarely(2);
            var bytes = isMutated ? Mutation.Mutate(random, made.Bytes) : made.Bytes;
            try
            {
                var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
                var rows = new EventJsonParser(Now * 1_000_000, trustsProducerIds: false);
                BodyParser<LaneEvent> parser = made.IsArray ? new JsonBodyParser<LaneEvent>(pipe.Reader, rows) : new NdjsonParser<LaneEvent>(pipe.Reader, rows);
                var found = await ReadAsync(parser, pipe, bytes, random, cancellationToken);
                Interlocked.Add(ref accepted, found.Count);
                foreach (var (line, row) in found)
                {
                    if (row.Id != row.ComputeId()) findings.Add($"events {number}", $"line {line}: the id is not that of its content", bytes);
                    if (row.Lane.HoldsJson() && !new ReferenceJson(ReferenceJson.Latin1(row.Content)).TakeValue()) findings.Add($"events {number}", $"line {line}: the content is not JSON", bytes);
                }
                if (isMutated) return;
                var meant = made.Lines.Select((e, i) => (Line: i + 1L, Event: e)).Where(e => e.Event is not null).Select(e => (e.Line, Text(e.Event!))).ToArray();
                var given = found.Select(e => (e.Line, Text(e.Row))).ToArray();
                if (!given.SequenceEqual(meant)) findings.Add($"events {number}", $"accepted {string.Join("; ", given.Except(meant).Take(2))}, not {string.Join("; ", meant.Except(given).Take(2))}: {string.Join("; ", parser.Rejected.Take(3))}", bytes);
                if (parser.RejectedCount != made.Lines.Count(e => e is null)) findings.Add($"events {number}", $"{parser.RejectedCount} rejected", bytes);
            }
            catch (Exception e)
            {
                findings.Add($"events {number}", $"{e}", bytes);
            }
        });
        findings.AssertNone($"{bodies} bodies of events, {accepted} events accepted");

        static string Text(object of) => of switch
        {
            MeantEvent meant => $"{meant.Id} {meant.Time} {meant.Content}",
            LaneEvent found => $"{found.Id} {found.SourceTruthTime} {(found.Lane.HoldsJson() ? System.Text.Encoding.UTF8.GetString(found.Content) : Convert.ToBase64String(found.Content))}",
            _ => "",
        };
    }

    private static async Task<(List<(long Line, Row Row)> Accepted, long Rejected)> ParseAsync(
        ReadingFormat format, byte[] bytes, long unitsPerSecond, Random random, CancellationToken cancellationToken)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        BodyParser<Reading> parser = format switch
        {
            ReadingFormat.Json => new JsonBodyParser<Reading>(pipe.Reader, new ReadingJsonParser(Now)),
            ReadingFormat.Ndjson => new NdjsonParser<Reading>(pipe.Reader, new ReadingJsonParser(Now)),
            _ => new LineProtocolParser(pipe.Reader, (TimePrecision)unitsPerSecond, Now),
        };
        var accepted = await ReadAsync(parser, pipe, bytes, random, cancellationToken);
        return ([.. accepted.Select(a => (a.Line, RowOf(a.Row)))], parser.RejectedCount);
    }

    // While it reads, the bytes arrive in pieces or at once.
    private static async Task<List<(long Line, TRow Row)>> ReadAsync<TRow>(BodyParser<TRow> parser, Pipe pipe, byte[] bytes, Random random, CancellationToken cancellationToken)
    {
        var accepted = new List<(long, TRow)>();
        var batch = new ParsedBatch<TRow>();
        var reading = Task.Run(
            async () =>
            {
                bool more;
                do
                {
                    more = await parser.ReadAsync(batch, cancellationToken);
                    accepted.AddRange(batch.CopyLines().Zip(batch.CopyRows().ToArray()));
                    batch.Clear();
                }
                while (more);
            },
            cancellationToken);
        var isInPieces = random.Rarely(2);
        for (var at = 0; at < bytes.Length;)
        {
            var length = isInPieces ? Math.Min(bytes.Length - at, 1 + random.Next(random.Pick(3, 40, 1_000))) : bytes.Length;
            await pipe.Writer.WriteAsync(bytes.AsMemory(at, length), cancellationToken);
            at += length;
        }
        await pipe.Writer.CompleteAsync();
        await reading;
        return accepted;
    }

    private static Row RowOf(Reading reading) => new(
        reading.NodeAddress, reading.Timestamp, reading.TemperatureCentidegrees, reading.HumidityCentipercent, reading.Flags, reading.ReceivedAt, reading.DeviceId);

    private static string Shown(IEnumerable<(long Line, Row Row)> rows) => $"[{string.Join("; ", rows.Take(3))}]";
}
