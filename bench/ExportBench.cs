using System.Diagnostics;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using SensorDash.Tests.Support;

namespace SensorDash.Bench;

/// <summary>A CSV of millions of rows: memory of the server, and the client's hash compared with the trailer.</summary>
internal static class ExportBench
{
    private const int LinesPerRequest = 5_000;

    public static async Task<int> RunAsync(int count)
    {
        var folder = Directory.CreateTempSubdirectory("sensordash-bench-").FullName;
        try
        {
            await using var server = await PublishedProgram.StartAsync(Path.Combine(folder, "sensordash.db"));
            foreach (var chunk in SyntheticReadings.Take(count).Chunk(LinesPerRequest))
            {
                using var content = new ByteArrayContent(SyntheticReadings.Ndjson(chunk));
                content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
                using var stored = await server.Client.PostAsync(new Uri("/api/sensor-data", UriKind.Relative), content);
                stored.EnsureSuccessStatusCode();
            }
            Console.WriteLine($"{count:N0} readings stored; server memory in MiB (anonymous, peak resident): {Text(server)}");
            foreach (var query in (string[])["", "?node_address=7", "?order=asc&time=iso", "?gzip=1"]) await DownloadAsync(server, query);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
        return 0;
    }

    private static async Task DownloadAsync(SensorDashProcess server, string query)
    {
        var watch = Stopwatch.StartNew();
        using var response = await server.Client.GetAsync(
            new Uri("/api/sensor-data/export" + query, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        await using var body = await response.Content.ReadAsStreamAsync();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (buffer, bytes, halfway) = (new byte[64 * 1024], 0L, "");
        for (int read; (read = await body.ReadAsync(buffer)) > 0; bytes += read)
        {
            hash.AppendData(buffer.AsSpan(0, read));
            if (bytes < 50_000_000 && bytes + read >= 50_000_000) halfway = $"; at 50 MB: {Text(server)}";
        }
        var own = Convert.ToHexStringLower(hash.GetHashAndReset());
        var (rows, theirs) = (response.TrailingHeaders.GetValues("X-Row-Count").Single(), response.TrailingHeaders.GetValues("X-Content-SHA256").Single());
        Console.WriteLine($"export{query}: {rows} rows, {bytes:N0} bytes, {watch.Elapsed.TotalSeconds:0.0} s, "
            + $"hash {(own == theirs ? "equal" : "DIFFERENT")}; memory after: {Text(server)}{halfway}");
        if (own != theirs) throw new InvalidOperationException("The trailer does not match the file.");
    }

    private static string Text(SensorDashProcess server)
    {
        var (anonymous, peak) = server.Memory();
        return $"{anonymous:0} / {peak:0}";
    }
}
