using System.Globalization;
using SensorDash.Data.Export;

namespace SensorDash.Web.Api;

/// <summary>Sends a file of unknown length with a row count and a checksum, so that the client can verify it.</summary>
internal static class VerifiedDownload
{
    private const string RowCountTrailer = "X-Row-Count";
    private const string HashTrailer = "X-Content-SHA256";

    /// <param name="write">Writes the file and returns its checksum.</param>
    public static async Task SendAsync(
        HttpContext context, string contentType, string fileName, Func<Stream, Task<ExportChecksum>> write, CancellationToken cancellationToken)
    {
        var response = context.Response;
        response.ContentType = contentType;
        response.Headers.ContentDisposition = $"attachment; filename=\"{fileName}\"";
        response.Headers.CacheControl = "no-store";
        await using var body = new TrailerBody(response, RowCountTrailer, HashTrailer);
        try
        {
            var checksum = await write(body);
            await body.EndAsync(
                new Dictionary<string, string> { [RowCountTrailer] = checksum.Rows.ToString(CultureInfo.InvariantCulture), [HashTrailer] = checksum.Sha256 },
                cancellationToken);
        }
        catch when (response.HasStarted)
        {
            context.Abort(); // The client sees a failed download, never a truncated file.
            throw;
        }
    }
}
