using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.HttpResults;
using SensorDash.Data.Ingest;
using SensorDash.Data.Ingest.Parsing;
using SensorDash.Data.Storage;
using SensorDash.Web.Requests;
using SensorDash.Web.Security;

namespace SensorDash.Web.Api;

/// <summary>The result of an ingest request.</summary>
internal enum IngestEnd
{
    Done,
    BufferFull,
    Unavailable,
    TooLarge,
    TooCompressed,
    TooManyRejections,
    Broken,
}

/// <summary>What ingest endpoints share.</summary>
internal static class IngestRequest
{
    private static readonly StreamPipeReaderOptions _bodyOptions = new(bufferSize: 32 * 1024, leaveOpen: true);

    /// <summary>415 for an unsupported Content-Encoding; null when it is supported.</summary>
    public static ProblemHttpResult? RejectEncoding(HttpRequest request) => request.Headers.ContentEncoding is [] or ["identity"] ? null
        // The decompression middleware removes encodings that it has decoded. InfluxDB's Python client always sends identity.
        : Problems.Create(StatusCodes.Status415UnsupportedMediaType, "the Content-Encoding must be gzip, deflate, br or absent");

    /// <summary>The body for a parser that leaves bytes unread until more arrive.</summary>
    /// <remarks>Not <see cref="HttpRequest.BodyReader"/>: when a sender goes away while it holds unread bytes, Kestrel logs an error of its own.</remarks>
    public static PipeReader BodyOf(HttpRequest request)
    {
        var body = PipeReader.Create(request.Body, _bodyOptions);
        request.HttpContext.Response.OnCompleted(() => body.CompleteAsync().AsTask()); // Returns its buffers.
        return body;
    }

    private static string? MediaTypeOf(HttpRequest request)
        => Microsoft.Net.Http.Headers.MediaTypeHeaderValue.TryParse(request.ContentType, out var type) ? type.MediaType.Value?.ToLowerInvariant() : null;

    /// <summary>The parser for the Content-Type, JSON or NDJSON; null for any other.</summary>
    public static BodyParser<TRow>? ParserOf<TRow>(HttpRequest request, IJsonRow<TRow> rows) => MediaTypeOf(request) switch
    {
        "application/json" or "text/json" => new JsonBodyParser<TRow>(BodyOf(request), rows),
        "application/x-ndjson" or "application/ndjson" or "application/jsonl" => new NdjsonParser<TRow>(BodyOf(request), rows),
        _ => null,
    };

    public static string TooManyRejections<TRow>(BodyParser<TRow> parser)
        => $"{parser.RejectedCount} lines rejected; the rest is skipped, earlier rows are kept; line {parser.Rejected[0].Line}: {parser.Rejected[0].Error}";

    /// <summary>Counts the rejected rows of a request by sender and reason.</summary>
    public static Action<RowError> Counting(RejectedRows rejections, string kind, HttpContext context)
    {
        var origin = OriginOf(context);
        return error => rejections.Count(kind, origin, error);
    }

    /// <summary>Who sends, and from where.</summary>
    public static string? OriginOf(HttpContext context)
    {
        var address = AuditTrail.AddressOf(context);
        return context.User.Identity?.Name is { } name && name != Rights.ThisMachine ? $"{name}, {address}" : address;
    }

    public static ProblemHttpResult WrongMediaType() => Problems.Create(StatusCodes.Status415UnsupportedMediaType,
        "the Content-Type must be application/json or application/x-ndjson (curl: -H 'Content-Type: application/json')");
}

/// <summary>Moves the rows of one request into the write buffer, several batches ahead of their commits, in bounded memory.</summary>
/// <param name="timeout">Time limit for the waits of the request, together, for space in the buffer and for commits; each commit starts it again.</param>
/// <param name="weigh">Weight of a batch in the buffer; null: its row count.</param>
internal sealed class IngestRequest<TRow>(
    BodyParser<TRow> parser, WriteBuffer<TRow> buffer, TimeSpan timeout, TimeProvider clock, bool isWaitedFor, Func<ParsedBatch<TRow>, int>? weigh = null)
{
    // Batches that parsing is ahead of the disk: enough to keep the writer busy, and at most 20,000 rows of 48 bytes.
    private const int MaxOutstanding = 4;

    private readonly Queue<(Submission<TRow> Submission, long[] Lines)> _outstanding = new();
    private readonly List<long> _alreadyAccepted = [];
    private TimeSpan _waited; // Since the last commit.

    /// <summary>Why the sender may not send a row; null: every row may be sent.</summary>
    public Func<TRow, RowError?>? Refuse { get; init; }

    /// <summary>Rows that the buffer accepted.</summary>
    public long Accepted { get; private set; }

    public long Inserted { get; private set; }

    public long Duplicates { get; private set; }

    /// <summary>Rows that the parser took and the store did not.</summary>
    public long RejectedByStore { get; private set; }

    /// <summary>Lines of command requests that were accepted before.</summary>
    public IReadOnlyList<long> AlreadyAccepted => _alreadyAccepted;

    /// <summary>Reads the whole body.</summary>
    /// <param name="response">The response of this request; its connection is closed when the body was not read to its end.</param>
    public async Task<IngestEnd> RunAsync(HttpResponse response, CancellationToken cancellationToken)
    {
        var end = await ReadBodyAsync(cancellationToken);
        if (end != IngestEnd.Done) response.CloseConnection();
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
                if (Refuse is not null) parser.RejectRows(batch, Refuse);
                if (batch.Count > 0 && !await SubmitAsync(batch, cancellationToken)) return IngestEnd.BufferFull;
                batch.Clear();
            }
            while (more);
            return parser.HasTooManyRejections ? IngestEnd.TooManyRejections : IngestEnd.Done;
        }
        catch (Exception e) when (e is StoreUnavailableException or TimeoutException)
        {
            return IngestEnd.Unavailable;
        }
        catch (CompressionRatioException)
        {
            return IngestEnd.TooCompressed;
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return IngestEnd.TooLarge;
        }
        catch (Exception e) when (e is InvalidDataException || Problems.IsMalformedBody(e))
        {
            return IngestEnd.Broken;
        }
    }

    private async Task<bool> SubmitAsync(ParsedBatch<TRow> batch, CancellationToken cancellationToken)
    {
        var submission = new Submission<TRow>(batch.CopyRows(), isWaitedFor, weigh?.Invoke(batch) ?? batch.Count);
        // A partly read request waits for space, which slows its upload; a new request gets 429.
        if (Accepted > 0) await WaitAsync(left => buffer.AddAsync(submission, left, cancellationToken));
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
        await WaitAsync(left => submission.Done.WaitAsync(left, clock, cancellationToken));
        var result = await submission.Done;
        _waited = TimeSpan.Zero;
        Inserted += result.Inserted;
        Duplicates += result.Duplicates;
        Accepted -= result.Rejected.Count;
        foreach (var index in result.AlreadyAccepted) _alreadyAccepted.Add(lines[index]);
        RejectedByStore += result.Rejected.Count;
        foreach (var rejected in result.Rejected) parser.AddRejected(lines[rejected.Index], rejected.Field, rejected.Error);
    }

    // Time that the client needs for the body does not count.
    private async Task WaitAsync(Func<TimeSpan, Task> wait)
    {
        var began = clock.GetTimestamp();
        try
        {
            await wait(timeout > _waited ? timeout - _waited : TimeSpan.Zero);
        }
        finally
        {
            _waited += clock.GetElapsedTime(began);
        }
    }
}
