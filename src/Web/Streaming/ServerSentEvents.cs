using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using SensorDash.Data.Events;
using SensorDash.Data.Storage;
using SensorDash.Data.Streaming;

namespace SensorDash.Web.Streaming;

/// <summary>A response of server-sent events. Its messages are written from memory that all clients share, without a copy per client.</summary>
/// <param name="write">Writes all messages; gets a token that is cancelled when the client leaves or the program stops.</param>
internal sealed class ServerSentEvents(StreamLimit limit, IHostApplicationLifetime lifetime, Func<SseWriter, CancellationToken, Task> write) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        using var admission = limit.TryEnter();
        if (admission is null)
        {
            await Requests.Problems.Create(StatusCodes.Status429TooManyRequests, limit.Error).ExecuteAsync(httpContext);
            return;
        }
        var response = httpContext.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no"; // nginx would keep messages until its buffer is full.
        using var end = CancellationTokenSource.CreateLinkedTokenSource(httpContext.RequestAborted, lifetime.ApplicationStopping);
        var writer = new SseWriter(response.BodyWriter);
        try
        {
            await writer.StartAsync(end.Token);
            await write(writer, end.Token);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested || writer.HasReaderLeft)
        {
            // The normal end of a stream.
        }
        catch (StoreUnavailableException) when (response.HasStarted)
        {
            // The client reconnects with its last id.
            await writer.ErrorAsync("the database is temporarily unavailable; reconnect", end.Token);
        }
    }
}

/// <summary>Writes server-sent events: fields in lines, a message per block, JSON without line breaks.</summary>
internal sealed class SseWriter(PipeWriter output)
{
    // Waits for a slow client after so many bytes, so that no client has more than a part of a chunk in buffers.
    private const int FlushBytes = 32 * 1024;

    private long _unflushed;

    /// <summary>Whether a write found that the client left. The server may note that a little later.</summary>
    public bool HasReaderLeft { get; private set; }

    /// <summary>Sends the headers, and how long browsers wait before they reconnect.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        Write("retry: 2000\n\n"u8);
        await FlushAsync(cancellationToken);
    }

    /// <summary>Sends a message with an object.</summary>
    /// <param name="name">Its type.</param>
    /// <param name="id">Its token; null for none.</param>
    /// <param name="members">Writes the members of the object.</param>
    /// <param name="cancellationToken">Cancels the wait for the client.</param>
    public async Task SendAsync(string name, string? id, Action<Utf8JsonWriter> members, CancellationToken cancellationToken)
    {
        Begin(name, id);
        using (var json = new Utf8JsonWriter(output, EventJsonWriter.Options))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }
        Write("\n\n"u8);
        await FlushAsync(cancellationToken);
    }

    /// <summary>Sends events.</summary>
    public async Task SendAsync(StreamChunk chunk, string id, CancellationToken cancellationToken)
    {
        Begin("events", id);
        Write("{\"events\":["u8);
        for (var i = 0; i < chunk.Events.Count; i++)
        {
            if (i > 0) Write(","u8);
            Write(chunk.Events[i].Json.Span);
            if (_unflushed >= FlushBytes) await FlushAsync(cancellationToken);
        }
        Write(Encoding.ASCII.GetBytes(FormattableString.Invariant($"],\"timestamp\":{chunk.Timestamp},\"prev\":{chunk.Prev},\"position\":{chunk.Position}}}\n\n")));
        await FlushAsync(cancellationToken);
    }

    public Task ErrorAsync(string error, CancellationToken cancellationToken) => SendAsync("error", null, json => json.WriteString("error"u8, error), cancellationToken);

    private void Begin(string name, string? id)
    {
        if (id is not null) Write(Encoding.ASCII.GetBytes($"id: {id}\n"));
        Write(Encoding.ASCII.GetBytes($"event: {name}\ndata: "));
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        output.Write(bytes);
        _unflushed += bytes.Length;
    }

    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        _unflushed = 0;
        var result = await output.FlushAsync(cancellationToken);
        HasReaderLeft = result.IsCompleted || result.IsCanceled;
        if (HasReaderLeft) throw new OperationCanceledException("The client left.", cancellationToken);
    }
}
