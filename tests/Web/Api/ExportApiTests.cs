using System.IO.Compression;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Web.Tests.Api;

public sealed class ExportApiTests : ApiTests
{
    private const string Export = "/api/sensor-data/export";

    [Fact]
    public async Task Export_Defaults_IsTheContractsFile()
    {
        await StoreAsync(Reading(12, deviceId: 7, flags: 1), Reading(3, temperature: 0, humidity: null), Reading(12, Noon - 1, -5, 0));

        using var response = await Client.GetAsync(Export);

        Assert.Equal("text/csv; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.Equal("attachment; filename=\"sensordash_all-nodes_first_latest.csv\"", response.Content.Headers.ContentDisposition!.ToString());
        Assert.Equal("no-store", response.Headers.CacheControl!.ToString());
        Assert.Equal($"""
            node_address,device_id,timestamp,temperature_celsius,humidity_percent,flags
            3,,{Noon},0.00,,0
            12,7,{Noon},25.34,65.21,1
            12,7,{Noon - 1},-0.05,0.00,0

            """, await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("?node_address=12&start_time=1767225600&end_time=1769904000", "sensordash_node-12_20260101T000000Z_20260201T000000Z.csv")]
    [InlineData("?gzip=1", "sensordash_all-nodes_first_latest.csv.gz")]
    [InlineData("?resolution=daily&node_address=1", "sensordash_node-1_daily_first_latest.csv")]
    public async Task Export_FileName_CarriesNodeAndRange(string query, string name)
    {
        using var response = await Client.GetAsync(Export + query);

        Assert.Equal(name, response.Content.Headers.ContentDisposition!.FileName!.Trim('"'));
        Assert.Equal(name, (await GetAsync($"{Export}/manifest{query}")).GetProperty("file_name").GetString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("?order=asc&time=iso&separator=semicolon&decimal=comma&bom=1&footer=1")]
    [InlineData("?time=local&tz=Europe/Paris&separator=tab&columns=timestamp,node_name,zone&node_address=2")]
    [InlineData("?resolution=hourly&tz=Asia/Kolkata")]
    [InlineData("?resolution=daily&tz=Australia/Lord_Howe&footer=1")]
    [InlineData("?gzip=1&footer=1")]
    [InlineData("?node_address=99")]
    public async Task Manifest_OfAnyQuery_IsThatOfTheFileAndOfItsTrailers(string query)
    {
        await StoreAsync([.. Run(1, 2500), .. Run(2, 1200)]);

        var manifest = await GetAsync($"{Export}/manifest{query}");
        using var response = await Client.GetAsync(Export + query);
        var file = await response.Content.ReadAsByteArrayAsync();

        Assert.Equal(["rows", "sha256", "bytes", "file_name"], MembersOf(manifest));
        Assert.Equal(file.LongLength, manifest.GetProperty("bytes").GetInt64());
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(file)), manifest.GetProperty("sha256").GetString());
        Assert.Equal(manifest.GetProperty("rows").GetRawText(), response.TrailingHeaders.GetValues("X-Row-Count").Single());
        Assert.Equal(manifest.GetProperty("sha256").GetString(), response.TrailingHeaders.GetValues("X-Content-SHA256").Single());
        var text = Encoding.UTF8.GetString(query.Contains("gzip", StringComparison.Ordinal) ? Unzip(file) : file);
        var lines = text.Count(c => c == '\n') - 1 - (query.Contains("footer", StringComparison.Ordinal) ? 1 : 0);
        Assert.Equal(manifest.GetProperty("rows").GetInt64(), lines);
    }

    [Fact]
    public async Task Export_OverAPlainSocket_EndsWithTheTrailersItDeclared()
    {
        await StoreAsync(Run(1, 5000));
        var address = App.Address;
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET {Export} HTTP/1.1\r\nHost: {address.Authority}\r\nTE: trailers\r\nConnection: close\r\n\r\n"));
        using var received = new MemoryStream();
        await stream.CopyToAsync(received);
        var answer = Encoding.UTF8.GetString(received.ToArray());

        var head = answer[..answer.IndexOf("\r\n\r\n", StringComparison.Ordinal)];
        Assert.Contains("Transfer-Encoding: chunked", head, StringComparison.Ordinal);
        Assert.Contains("X-Row-Count", head, StringComparison.Ordinal); // In the Trailer header.
        var (body, trailers) = Dechunk(answer[(head.Length + 4)..]);
        Assert.Equal(5001, body.Count(c => c == '\n'));
        Assert.Equal($"X-Row-Count: 5000\r\nX-Content-SHA256: {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(body)))}\r\n\r\n", trailers);
    }

    [Fact]
    public async Task Export_OverHttp10_IsTheWholeFile()
    {
        await StoreAsync(Run(1, 100));
        using var client = new TcpClient();
        await client.ConnectAsync(App.Address.Host, App.Address.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET {Export}?footer=1 HTTP/1.0\r\nHost: {App.Address.Authority}\r\n\r\n"));
        using var reader = new StreamReader(stream);
        var answer = await reader.ReadToEndAsync();

        Assert.Contains("\r\n\r\nnode_address,", answer, StringComparison.Ordinal);
        Assert.Contains("\n# rows=100 sha256=", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Export_TwiceOnOneConnection_IsWholeBothTimes()
    {
        await StoreAsync(Run(1, 100));
        for (var i = 0; i < 3; i++) Assert.Equal(101, (await Client.GetStringAsync(Export)).Count(c => c == '\n'));
        Assert.Equal(100, (await GetAsync("/api/sensor-data")).GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task Export_StoreFailsMidway_IsABrokenDownloadAndNeverAShortFile()
    {
        await StoreAsync(Run(1, 100_000, interval: 1));
        using var client = ClientThatTakesLittleAhead();
        using var response = await client.GetAsync(
            Export + "?time=iso&columns=timestamp,received_at,timestamp,received_at,timestamp,received_at", HttpCompletionOption.ResponseHeadersRead);
        await using var body = await response.Content.ReadAsStreamAsync();
        await body.ReadExactlyAsync(new byte[100]);
        await ExecuteAsync("DROP INDEX ix_sensor_readings_timestamp");

        await Assert.ThrowsAnyAsync<IOException>(() => body.CopyToAsync(Stream.Null));
    }

    [Fact]
    public async Task Export_Head_HasNoBody()
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, Export);
        using var response = await Client.SendAsync(request);

        // Whether HEAD is offered or refused, it must not break the connection.
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
        await GetAsync("/api/sensor-data");
    }

    [Fact]
    public async Task Export_TextOfAUser_IsNeverAFormula()
    {
        await StoreAsync(Reading());
        await PutAsync("/api/nodes/12/metadata", """{"name":"=HYPERLINK(\"http://x\",\"y\")","location":"a\nb"}""");

        Assert.Equal("node_name,location\n\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\",\"a\nb\"\n", await Client.GetStringAsync(Export + "?columns=node_name,location"));
    }

    // What it does not read the server cannot send, however much room the system would have for it.
    private HttpClient ClientThatTakesLittleAhead() => new(new SocketsHttpHandler
    {
        ConnectCallback = async (context, cancellationToken) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 8 << 10 };
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    { BaseAddress = App.Address };

    private static byte[] Unzip(byte[] file)
    {
        using var unzipped = new MemoryStream();
        using var gzip = new GZipStream(new MemoryStream(file), CompressionMode.Decompress);
        gzip.CopyTo(unzipped);
        return unzipped.ToArray();
    }

    private static (string Body, string Trailers) Dechunk(string chunked)
    {
        var body = new StringBuilder();
        while (true)
        {
            var end = chunked.IndexOf("\r\n", StringComparison.Ordinal);
            var length = Convert.ToInt32(chunked[..end], 16);
            chunked = chunked[(end + 2)..];
            if (length == 0) return (body.ToString(), chunked);
            body.Append(chunked, 0, length);
            Assert.Equal("\r\n", chunked.Substring(length, 2));
            chunked = chunked[(length + 2)..];
        }
    }
}
