using System.Buffers;
using System.Globalization;
using System.Text;

namespace SensorDash.Web.Api;

/// <summary>A response body that ends with trailers.</summary>
/// <remarks>
/// HTTP/2 supports trailers. Over HTTP/1.1 Kestrel sends none, but leaves chunking to code that sets Transfer-Encoding, so this class
/// writes the chunks. HTTP/1.0 has no trailers.
/// </remarks>
internal sealed class TrailerBody : Stream
{
    private static readonly byte[] _lineEnd = "\r\n"u8.ToArray();

    private readonly HttpResponse _response;
    private readonly bool _writesChunks;

    public TrailerBody(HttpResponse response, params ReadOnlySpan<string> names)
    {
        _response = response;
        _writesChunks = !response.SupportsTrailers() && HttpProtocol.IsHttp11(response.HttpContext.Request.Protocol);
        if (_writesChunks)
        {
            response.Headers.TransferEncoding = "chunked";
            foreach (var name in names) response.Headers.Append("Trailer", name);
        }
        else if (response.SupportsTrailers())
        {
            foreach (var name in names) response.DeclareTrailer(name);
        }
    }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Ends the body. Without this call an HTTP/1.1 client sees a broken download.</summary>
    public async Task EndAsync(IReadOnlyDictionary<string, string> trailers, CancellationToken cancellationToken)
    {
        if (_writesChunks)
        {
            var end = new StringBuilder("0\r\n");
            foreach (var (name, value) in trailers) end.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
            await _response.Body.WriteAsync(Encoding.ASCII.GetBytes(end.Append("\r\n").ToString()), cancellationToken);
        }
        else if (_response.SupportsTrailers())
        {
            foreach (var (name, value) in trailers) _response.AppendTrailer(name, value);
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty) return; // An empty chunk would end the body.
        if (!_writesChunks)
        {
            await _response.Body.WriteAsync(buffer, cancellationToken);
            return;
        }
        var output = _response.BodyWriter;
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{buffer.Length:x}\r\n"), output);
        output.Write(buffer.Span);
        output.Write(_lineEnd);
        await output.FlushAsync(cancellationToken);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => _response.Body.FlushAsync(cancellationToken);

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Only asynchronous writes.");

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
