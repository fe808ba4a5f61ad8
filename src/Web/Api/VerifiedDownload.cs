using System.Globalization;
using SensorDash.Data.Export;

namespace SensorDash.Web.Api;

/// <summary>Sends a file of unknown length so that its receiver can tell whether it is whole.</summary>
internal static class VerifiedDownload
{
    private const string RowCountTrailer = "X-Row-Count";
    private const string HashTrailer = "X-Content-SHA256";

    /// <param name="write">Writes the file and tells what it was.</param>
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
            var proof = await write(body);
            await body.EndAsync(
                new Dictionary<string, string> { [RowCountTrailer] = proof.Rows.ToString(CultureInfo.InvariantCulture), [HashTrailer] = proof.Sha256 },
                cancellationToken);
        }
        catch when (response.HasStarted)
        {
            context.Abort(); // The client sees a broken download, never a short file.
            throw;
        }
    }
}
