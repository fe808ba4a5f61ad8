using System.IO.Compression;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.RequestDecompression;

namespace SensorDash.Web.Requests;

/// <summary>A compressed body grows too much.</summary>
internal sealed class CompressionRatioException() : BadHttpRequestException(Rule, StatusCodes.Status413PayloadTooLarge)
{
    public const string Rule = "a compressed body must be at most 1000 times as long after decompression; send it uncompressed";
}

/// <summary>A compressed request body: bounded in its growth, and every fault of its compression is an <see cref="InvalidDataException"/>.</summary>
internal sealed class DecompressedBody : BodyStream
{
    // Repetitive readings reach 31 in gzip, repetitive events 113, frames of zeros 323; 1032 is the most that gzip can do. Brotli reaches 290,000.
    private const long MaxRatio = 1_000;

    // Costs little, and lets a small body be of any kind.
    private const long UncheckedBytes = 1 << 20;

    private readonly CountedBody _compressed;
    private readonly Stream _decompressor;
    private long _length;

    private DecompressedBody(Stream compressed, Func<Stream, Stream> decompress)
    {
        _compressed = new CountedBody(compressed);
        _decompressor = decompress(_compressed);
    }

    /// <summary>Replaces the framework's streams, whose growth is not bounded and whose exceptions differ by format.</summary>
    public static void AddTo(IDictionary<string, IDecompressionProvider> providers)
    {
        providers["br"] = new Provider(body => new BrotliStream(body, CompressionMode.Decompress));
        providers["deflate"] = new Provider(body => new ZLibStream(body, CompressionMode.Decompress)); // RFC 9110: in the zlib format.
        providers["gzip"] = new Provider(body => new GZipStream(body, CompressionMode.Decompress));
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // Before the read, so that a body beyond the limit of its size is refused for its size.
        if (_length > UncheckedBytes && _length > MaxRatio * _compressed.BytesRead) throw new CompressionRatioException();
        try
        {
            var length = await _decompressor.ReadAsync(buffer, cancellationToken);
            _length += length;
            return length;
        }
        // Brotli's and zlib's errors; the others are those of the connection.
        catch (Exception e) when (e is InvalidOperationException or (IOException and not BadHttpRequestException and not ConnectionResetException))
        {
            throw new InvalidDataException("The compressed body is corrupt.", e);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _decompressor.Dispose();
        base.Dispose(disposing);
    }

    private sealed class Provider(Func<Stream, Stream> decompress) : IDecompressionProvider
    {
        public Stream GetDecompressionStream(Stream stream) => new DecompressedBody(stream, decompress);
    }

    private sealed class CountedBody(Stream body) : BodyStream
    {
        public long BytesRead { get; private set; }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var length = await body.ReadAsync(buffer, cancellationToken);
            BytesRead += length;
            return length;
        }
    }
}

/// <summary>A stream that is only read, and without blocking a thread.</summary>
internal abstract class BodyStream : Stream
{
    public sealed override bool CanRead => true;

    public sealed override bool CanSeek => false;

    public sealed override bool CanWrite => false;

    public sealed override long Length => throw new NotSupportedException();

    public sealed override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public abstract override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default);

    public sealed override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public sealed override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public sealed override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public sealed override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public sealed override void SetLength(long value) => throw new NotSupportedException();

    public sealed override void Flush()
    {
    }
}
