using System.IO.Compression;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using SensorDash.Tests.Support;
using SensorDash.Web.Tests.Pages;

namespace SensorDash.Web.Tests.Operations;

/// <summary>How responses reach a browser: compressed where nothing is proven about their bytes, and kept as long as their name is good.</summary>
public sealed partial class DeliveryTests : PageTests
{
    [Theory]
    [InlineData("/", "br")]
    [InlineData("/nodes/12", "gzip")]
    [InlineData("/api/nodes", "br")]
    [InlineData("/api/nodes/99", "gzip")]
    [InlineData("/openapi/v1.json", "br")]
    [InlineData("/dist/app.css", "br")]
    [InlineData("/dist/app.js", "br")]
    [InlineData("/dist/app.js.map", "gzip")]
    [InlineData("/favicon.svg", "gzip")]
    public async Task Response_Compressed_HasTheSameContent(string path, string encoding)
    {
        await StoreAsync(Some.Run(12, 100));
        using var plainResponse = await Client.GetAsync(path);
        var plain = await plainResponse.Content.ReadAsByteArrayAsync();

        using var response = await GetAsync(path, encoding);

        Assert.Equal([encoding], response.Content.Headers.ContentEncoding);
        Assert.Contains("Accept-Encoding", response.Headers.Vary);
        await using var body = await response.Content.ReadAsStreamAsync();
        await using Stream decompressed = encoding == "br" ? new BrotliStream(body, CompressionMode.Decompress) : new GZipStream(body, CompressionMode.Decompress);
        using var content = new MemoryStream();
        await decompressed.CopyToAsync(content);
        if (path.Contains('.', StringComparison.Ordinal)) Assert.Equal(plain, content.ToArray());
        else Assert.InRange(content.Length, plain.Length - 100, plain.Length + 100); // Tokens, trace IDs and times differ.
    }

    [Theory]
    [InlineData("/api/sensor-data/export", "/api/sensor-data/export/manifest")]
    [InlineData("/api/sensor-data/export?gzip=1", "/api/sensor-data/export/manifest?gzip=1")]
    [InlineData("/api/sensor-data/export?resolution=hourly", "/api/sensor-data/export/manifest?resolution=hourly")]
    [InlineData("/api/events/export", "/api/events/export/manifest")]
    [InlineData("/api/events/export?format=csv", "/api/events/export/manifest?format=csv")]
    public async Task Export_ToAClientThatTakesCompression_IsTheProvenFile(string path, string manifestPath)
    {
        await StoreAsync(Some.Run(12, 500));
        using var manifest = JsonDocument.Parse(await Client.GetStringAsync(manifestPath));

        using var response = await GetAsync(path, "br, gzip");

        Assert.Empty(response.Content.Headers.ContentEncoding);
        Assert.Equal(manifest.RootElement.GetProperty("sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(await response.Content.ReadAsByteArrayAsync())));
    }

    [Fact]
    public async Task Files_NamedWithTheirVersion_AreKeptForever()
    {
        var page = await ReadPageAsync("/");
        var files = Versioned().Matches(page).Select(match => match.Groups[1].Value).ToArray();
        Assert.Contains(files, file => file.StartsWith("/dist/app.js?v=", StringComparison.Ordinal));

        foreach (var file in files) Assert.Equal("public, max-age=31536000, immutable", await CacheControlAsync(file));
    }

    [Theory]
    [InlineData("/dist/app.js")]
    [InlineData("/dist/app.js?v=")]
    [InlineData("/dist/app.js?v=of-another-program")]
    [InlineData("/favicon.svg?v=1")]
    public async Task Files_OtherwiseNamed_AreAskedForAgain(string path) => Assert.Equal("no-cache", await CacheControlAsync(path));

    private async Task<string?> CacheControlAsync(string path)
    {
        using var response = await Client.GetAsync(path);
        response.EnsureSuccessStatusCode();
        return string.Join(", ", response.Headers.NonValidated["Cache-Control"]);
    }

    private Task<HttpResponseMessage> GetAsync(string path, string encodings)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var encoding in encodings.Split(", ")) request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue(encoding));
        return Client.SendAsync(request);
    }

    [GeneratedRegex("(?:src|href)=\"([^\"]+[?]v=[^\"]+)\"")]
    private static partial Regex Versioned();
}
