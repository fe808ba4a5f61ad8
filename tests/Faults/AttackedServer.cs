using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Faults.Tests;

/// <summary>Where readings and events are.</summary>
public enum Engine
{
    /// <summary>Both in SQLite, with DuckDB as the side path.</summary>
    Sqlite,

    /// <summary>Readings in DuckDB, events in SQLite.</summary>
    DuckDb,

    /// <summary>Both in PostgreSQL, with DuckDB as the side path.</summary>
    Timescale,
}

/// <summary>A response that was read to its end.</summary>
internal sealed record Response(int Status, string? MediaType, byte[] Body, bool HasRetryAfter)
{
    public string Text => Encoding.UTF8.GetString(Body);
}

/// <summary>The program as a process on an engine, with files or a database of its own. It may be killed and started again.</summary>
internal sealed class AttackedServer : IAsyncDisposable
{
    // A heap that leaks would reach it and fail the requests that allocate.
    private const string HeapLimit = "0x18000000"; // 384 MiB
    private const int MaxResponse = 64 << 20;

    // An address of its own: while the server is down, another process may listen on the port that it had on 127.0.0.1, and answer in its place.
    private readonly string _host = string.Create(CultureInfo.InvariantCulture, $"127.{Number()}.{Number()}.{Number()}");
    private readonly TemporaryFolder _folder = new();
    private readonly TimescaleStoreFixture? _database;
    private readonly List<string> _errors = [];
    private SensorDashProcess? _process;

    private readonly string _durability;

    private AttackedServer(Engine engine, TimescaleStoreFixture? database, string durability)
    {
        (Engine, _database, _durability) = (engine, database, durability);
        Files = new StoreFiles(engine, _folder.Path, database);
    }

    public Engine Engine { get; }

    public StoreFiles Files { get; }

    public HttpClient Client => _process!.Client;

    /// <summary>It sends exactly the cookies of a request.</summary>
    public HttpClient ClientWithoutCookies { get; } = new(new SocketsHttpHandler { UseCookies = false }, disposeHandler: true) { Timeout = TimeSpan.FromMinutes(10) };

    public Uri Address => Client.BaseAddress!;

    /// <summary>Private memory, MiB.</summary>
    public double MemoryMiB => _process!.Memory().Anonymous;

    /// <summary>Errors that it logged, also before it was killed.</summary>
    public IEnumerable<string> LoggedErrors => _errors.Concat(_process!.LoggedErrors);

    /// <param name="durability">Normal, because a killed process loses nothing with it; only a power failure would.</param>
    public static async Task<AttackedServer> StartAsync(Engine engine, string durability = "Normal")
    {
        var database = engine == Engine.Timescale ? await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache) : null;
        var server = new AttackedServer(engine, database, durability);
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>Starts it on what it had when it was killed.</summary>
    public async Task StartAgainAsync()
    {
        if (_process is not null)
        {
            _errors.AddRange(_process.LoggedErrors);
            await _process.DisposeAsync();
        }
        _process = await SensorDashProcess.StartExactlyAsync([.. SensorDashProcess.Program, "--urls", $"http://{_host}:0"], null, [("Database__Sqlite__Path", Files.SqlitePath), .. Settings()]);
    }

    /// <summary>Kills it like <c>kill -9</c>.</summary>
    public Task KillAsync() => _process!.KillAsync();

    /// <summary>Sends a request and reads the response; null when the connection broke.</summary>
    public async Task<Response?> TrySendAsync(HttpRequestMessage request, HttpClient? client = null)
    {
        try
        {
            return await SendAsync(request, client);
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or IOException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Sends a request and reads the response, which must be bounded.</summary>
    public async Task<Response> SendAsync(HttpRequestMessage request, HttpClient? client = null)
    {
        using var response = await (client ?? Client).SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await using var stream = await response.Content.ReadAsStreamAsync();
        using var body = new MemoryStream();
        var buffer = new byte[32 * 1024];
        while (body.Length < MaxResponse && await stream.ReadAsync(buffer) is var length and > 0) await body.WriteAsync(buffer.AsMemory(0, length));
        return new((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType, body.ToArray(), response.Headers.RetryAfter is not null);
    }

    public async Task<Response> GetAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Target(path));
        return await SendAsync(request);
    }

    /// <summary>The address of a path that is sent as it is, also when it is not valid. Only letters beyond ASCII are escaped: from them on, HttpClient would send
    /// what its buffer has from an earlier request. <see cref="Queries.RawAttack"/> sends them as they are.</summary>
    public Uri Target(string path) => new(
        Address.ToString().TrimEnd('/') + string.Concat(path.EnumerateRunes().Select(rune => rune.IsAscii ? rune.ToString() : Uri.EscapeDataString(rune.ToString()))),
        new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    /// <summary>What is wrong with any response, whatever was sent; null when nothing is.</summary>
    public static string? Judge(Response response)
    {
        if (response.Body.Length >= MaxResponse) return $"the response is longer than {MaxResponse >> 20} MiB";
        if (response.Status >= 500 && !(response.Status == 503 && response.HasRetryAfter)) return $"{response.Status}: {Start(response)}";
        if (response.Body.Length > 0 && response.MediaType is "application/json" or "application/problem+json" && !IsJson(response.Body)) return $"{response.Status}: the response is not JSON: {Start(response)}";
        if (response.Status < 400 || response.MediaType is "text/html") return null;
        return response.MediaType is "application/problem+json" or "application/json" || response.Body.Length == 0 ? null : $"{response.Status}: an error as {response.MediaType}: {Start(response)}";
    }

    public async ValueTask DisposeAsync()
    {
        ClientWithoutCookies.Dispose();
        await _process!.DisposeAsync();
        if (_database is not null) await _database.DisposeAsync();
        _folder.Dispose();
    }

    private static int Number() => RandomNumberGenerator.GetInt32(1, 255);

    private (string Name, string Value)[] Settings() =>
    [
        ("Ingest__Durability", _durability), ("DOTNET_GCHeapHardLimit", HeapLimit), ("DOTNET_TieredPGO", "0"), ("Events__ReadTimeout", "00:10:00"),
        .. Engine switch
        {
            Engine.Timescale => [.. _database!.ProgramEnvironment, ("Analytics__Path", _folder.File("side.duckdb"))],
            _ => Files.Settings,
        },
    ];

    private static bool IsJson(byte[] body)
    {
        var json = new Bodies.ReferenceJson(Bodies.ReferenceJson.Latin1(body));
        return json.TakeValue() && json.IsAtEnd;
    }

    private static string Start(Response response) => response.Text.Length > 400 ? string.Create(CultureInfo.InvariantCulture, $"{response.Text[..400]}… ({response.Body.Length} bytes)") : response.Text;
}
