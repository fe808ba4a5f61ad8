using System.IO.Compression;
using Microsoft.AspNetCore.ResponseCompression;

namespace SensorDash.Web.Operations;

/// <summary>
/// Brotli or gzip for pages, JSON, styles and scripts. Never for CSV and NDJSON: the checksum and trailers of a download are those of its bytes.
/// </summary>
internal static class CompressedResponses
{
    private static readonly string[] _types =
        ["text/html", "text/css", "text/javascript", "text/plain", "image/svg+xml", "application/json", "application/problem+json"];

    public static void AddCompressedResponses(this IServiceCollection services)
    {
        services.AddResponseCompression(compression =>
        {
            compression.MimeTypes = _types;
            // Decision 26: no response has a secret that a request could guess letter by letter (BREACH).
            compression.EnableForHttps = true;
        });
        // The default is the fastest: gzip's files are then a third longer, and over plain http, as in most networks, browsers take no Brotli.
        services.Configure<BrotliCompressionProviderOptions>(brotli => brotli.Level = CompressionLevel.Optimal);
        services.Configure<GzipCompressionProviderOptions>(gzip => gzip.Level = CompressionLevel.Optimal);
    }
}
