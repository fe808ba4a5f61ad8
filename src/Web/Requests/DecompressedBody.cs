using System.IO.Compression;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.RequestDecompression;

namespace SensorDash.Web.Requests;

/// <summary>A compressed request body. Every fault of its compression is an <see cref="InvalidDataException"/>.</summary>
internal sealed class DecompressedBody(Stream decompressor) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Replaces the framework's streams, whose exceptions differ by format.</summary>
    public static void AddTo(IDictionary<string, IDecompressionProvider> providers)
    {
        providers["br"] = new Provider(body => new BrotliStream(body, CompressionMode.Decompress, leaveOpen: true));
        providers["deflate"] = new Provider(body => new ZLibStream(body, CompressionMode.Decompress, leaveOpen: true)); // RFC 9110: in the zlib format.
        providers["gzip"] = new Provider(body => new GZipStream(body, CompressionMode.Decompress, leaveOpen: true));
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return await decompressor.ReadAsync(buffer, cancellationToken);
        }
        // Brotli's and zlib's errors; the others are those of the connection.
        catch (Exception e) when (e is InvalidOperationException or (IOException and not BadHttpRequestException and not ConnectionResetException))
        {
            throw new InvalidDataException("The compressed body is corrupt.", e);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    // As on the body of a request: reading must not block a thread.
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) decompressor.Dispose();
        base.Dispose(disposing);
    }

    private sealed class Provider(Func<Stream, Stream> decompress) : IDecompressionProvider
    {
        public Stream GetDecompressionStream(Stream stream) => new DecompressedBody(decompress(stream));
    }
}
