using Microsoft.AspNetCore.Http.HttpResults;
using SensorDash.Data.Ingest;
using SensorDash.Data.Ingest.Parsing;
using SensorDash.Data.Storage;
using SensorDash.Web.Requests;

namespace SensorDash.Web.Api;

/// <summary>How a request with rows ended.</summary>
internal enum IngestEnd
{
    Done,
    BufferFull,
    Unavailable,
    TooLarge,
    Broken,
}

/// <summary>What every request with rows is looked at for first.</summary>
internal static class IngestRequest
{
    /// <summary>415 for a compression that the server does not undo.</summary>
    public static ProblemHttpResult? RefuseEncoding(HttpRequest request) => request.Headers.ContentEncoding is [] or ["identity"] ? null
        // What the decompression middleware has undone, it has also removed from the headers. InfluxDB's Python client always says identity.
        : Problems.Create(StatusCodes.Status415UnsupportedMediaType, "the Content-Encoding must be gzip, deflate, br or absent");

    public static string? MediaTypeOf(HttpRequest request)
        => Microsoft.Net.Http.Headers.MediaTypeHeaderValue.TryParse(request.ContentType, out var type) ? type.MediaType.Value?.ToLowerInvariant() : null;

    /// <summary>The parser that the Content-Type asks for: JSON or NDJSON; null for any other.</summary>
    public static BodyParser<TRow>? ParserOf<TRow>(HttpRequest request, IJsonRow<TRow> rows) => MediaTypeOf(request) switch
    {
        "application/json" or "text/json" => new JsonBodyParser<TRow>(request.BodyReader, rows),
        "application/x-ndjson" or "application/ndjson" or "application/jsonl" => new NdjsonParser<TRow>(request.BodyReader, rows),
        _ => null,
    };

    public static ProblemHttpResult WrongMediaType() => Problems.Create(StatusCodes.Status415UnsupportedMediaType,
        "the Content-Type must be application/json or application/x-ndjson (curl: -H 'Content-Type: application/json')");
}

/// <summary>Moves the rows of one request into the buffer, several commits ahead of the answer, in bounded memory.</summary>
/// <param name="patience">How long room in the buffer, and then each commit, is waited for.</param>
/// <param name="weigh">What a batch counts for in the buffer; null: its rows.</param>
internal sealed class IngestRequest<TRow>(
    BodyParser<TRow> parser, WriteBuffer<TRow> buffer, TimeSpan patience, TimeProvider clock, bool isWaitedFor, Func<ParsedBatch<TRow>, int>? weigh = null)
{
    // Parsing runs this far ahead of the disk: enough to keep the writer busy, 20,000 rows of 48 bytes at the most.
    private const int MaxOutstanding = 4;

    private readonly Queue<(Submission<TRow> Submission, long[] Lines)> _outstanding = new();
    private readonly List<long> _alreadyAccepted = [];

    /// <summary>Rows that the buffer took.</summary>
    public long Accepted { get; private set; }

    public long Inserted { get; private set; }

    public long Duplicates { get; private set; }

    /// <summary>Lines of command requests that were accepted before.</summary>
    public IReadOnlyList<long> AlreadyAccepted => _alreadyAccepted;

    /// <summary>Reads the whole body.</summary>
    public async Task<IngestEnd> RunAsync(CancellationToken cancellationToken)
    {
        var end = await ReadBodyAsync(cancellationToken);
        try
        {
            while (_outstanding.Count > 0) await SettleOldestAsync(cancellationToken);
            return end;
        }
        catch (Exception e) when (e is StoreUnavailableException or TimeoutException)
        {
            return IngestEnd.Unavailable;
        }
    }

    private async Task<IngestEnd> ReadBodyAsync(CancellationToken cancellationToken)
    {
        try
        {
            var batch = new ParsedBatch<TRow>();
            bool more;
            do
            {
                more = await parser.ReadAsync(batch, cancellationToken);
                if (batch.Count > 0 && !await SubmitAsync(batch, cancellationToken)) return IngestEnd.BufferFull;
                batch.Clear();
            }
            while (more);
            return IngestEnd.Done;
        }
        catch (Exception e) when (e is StoreUnavailableException or TimeoutException)
        {
            return IngestEnd.Unavailable;
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return IngestEnd.TooLarge;
        }
        catch (Exception e) when (e is InvalidDataException or BadHttpRequestException)
        {
            return IngestEnd.Broken;
        }
    }

    private async Task<bool> SubmitAsync(ParsedBatch<TRow> batch, CancellationToken cancellationToken)
    {
        var submission = new Submission<TRow>(batch.CopyRows(), isWaitedFor, weigh?.Invoke(batch) ?? batch.Count);
        // A request that is half read waits for room, which holds the sender's connection back; a new one is told to come again.
        if (Accepted > 0) await buffer.AddAsync(submission, patience, cancellationToken);
        else if (!buffer.TryAdd(submission)) return false;
        Accepted += batch.Count;
        if (!isWaitedFor) return true;
        _outstanding.Enqueue((submission, batch.CopyLines()));
        while (_outstanding.Count >= MaxOutstanding) await SettleOldestAsync(cancellationToken);
        return true;
    }

    private async Task SettleOldestAsync(CancellationToken cancellationToken)
    {
        var (submission, lines) = _outstanding.Dequeue();
        var result = await submission.Done.WaitAsync(patience, clock, cancellationToken);
        Inserted += result.Inserted;
        Duplicates += result.Duplicates;
        Accepted -= result.Rejected.Count;
        foreach (var index in result.AlreadyAccepted) _alreadyAccepted.Add(lines[index]);
        foreach (var refused in result.Rejected) parser.Reject(lines[refused.Index], null, refused.Error);
    }
}
