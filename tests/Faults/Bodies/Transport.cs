using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;

namespace SensorDash.Faults.Tests.Bodies;

/// <summary>A body on its way: compressed or not, with a length or in chunks, in one piece or in several.</summary>
internal static class Transport
{
    public static HttpRequestMessage Post(Random random, Uri target, byte[] body, string mediaType)
    {
        var encoding = random.Next(12) switch { 0 => "gzip", 1 => "br", 2 => "deflate", _ => null };
        var sent = encoding is null ? body : Compress(encoding, body);
        HttpContent content = random.Rarely(3) ? new PiecesContent(sent, 1 + random.Next(200)) : new ByteArrayContent(sent);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(mediaType + random.Pick("", "", "; charset=utf-8", ";charset=\"UTF-8\""));
        if (encoding is not null) content.Headers.ContentEncoding.Add(encoding);
        return new HttpRequestMessage(HttpMethod.Post, target) { Content = content };
    }

    public static byte[] Compress(string encoding, byte[] body)
    {
        using var target = new MemoryStream();
        using (Stream compressor = encoding switch
        {
            "gzip" => new GZipStream(target, CompressionLevel.Fastest),
            "br" => new BrotliStream(target, CompressionLevel.Fastest),
            _ => new ZLibStream(target, CompressionLevel.Fastest),
        }) compressor.Write(body);
        return target.ToArray();
    }

    // Without a length, so it is sent in chunks.
    private sealed class PiecesContent(byte[] body, int pieceLength) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            for (var at = 0; at < body.Length; at += pieceLength)
            {
                await stream.WriteAsync(body.AsMemory(at, Math.Min(pieceLength, body.Length - at)));
                await stream.FlushAsync();
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
