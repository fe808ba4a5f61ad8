using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using SensorDash.Data.Readings;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Api;

/// <summary>A test class over HTTP. Each test has a program and a database of its own.</summary>
public abstract class ApiTests(params (string Key, string Value)[] settings) : IAsyncLifetime
{
    public const long Noon = ManualTime.Noon;

    private static readonly (string, string)[] _withoutSidePath = [("Analytics:Enabled", "false")];

    private TimescaleStoreFixture? _database;

    protected SensorDashApp App { get; private set; } = null!; // Made, as the client, when the test is prepared.

    protected HttpClient Client { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        if (Edition is { } edition) _database = await TimescaleStoreFixture.CreateAsync(edition);
        App = new([.. HasSidePath ? [] : _withoutSidePath, .. settings, .. _database?.ProgramSettings ?? []]);
        Client = App.CreateClient();
    }

    public async Task DisposeAsync()
    {
        await App.DisposeAsync();
        if (_database is not null) await _database.DisposeAsync();
    }

    /// <summary>Of the database on the test server that stands in for the file; null: the file it is.</summary>
    protected virtual TimescaleEdition? Edition => null;

    /// <summary>Whether the program keeps its DuckDB side path. Most tests ask it nothing, and opening it is a fifth of the work of a start.</summary>
    protected virtual bool HasSidePath => false;

    /// <summary>The settings with which another process reaches the database.</summary>
    protected IEnumerable<(string Key, string Value)> DatabaseSettings => _database?.ProgramSettings ?? [("Database:Sqlite:Path", App.DatabasePath)];

    /// <summary>Keeps every writer out until the answer is disposed.</summary>
    protected async Task<IAsyncDisposable> LockStoreAsync() => _database is null ? await App.LockAsync() : await _database.LockAsync();

    /// <summary>What the database itself says, asked beside the program.</summary>
    protected async Task<long> ScalarAsync(string sql)
    {
        if (_database is not null) return await _database.ScalarAsync(sql);
        await using var connection = await SqliteLock.OpenAsync(App.DatabasePath);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Statements by a connection of the test's own.</summary>
    protected async Task ExecuteAsync(params string[] statements)
    {
        if (_database is not null)
        {
            await _database.ExecuteAsync(statements);
            return;
        }
        await using var connection = await SqliteLock.OpenAsync(App.DatabasePath);
        await using var command = connection.CreateCommand();
        command.CommandText = string.Join(';', statements);
        await command.ExecuteNonQueryAsync();
    }

    protected Task<int> StoreAsync(params Reading[] readings) => App.Store.AddAsync(readings);

    protected Task<HttpResponseMessage> PostAsync(string path, string body, string mediaType = "application/json")
        => PostAsync(path, Encoding.UTF8.GetBytes(body), mediaType);

    protected Task<HttpResponseMessage> PostAsync(string path, byte[] body, string? mediaType = "application/json", string? encoding = null)
    {
        var content = new ByteArrayContent(body);
        if (mediaType is not null) content.Headers.ContentType = MediaTypeHeaderValue.Parse(mediaType);
        if (encoding is not null) content.Headers.ContentEncoding.Add(encoding);
        return Client.PostAsync(path, content);
    }

    protected Task<HttpResponseMessage> PutAsync(string path, string body, string mediaType = "application/json")
        => Client.PutAsync(path, new StringContent(body, Encoding.UTF8, mediaType));

    /// <summary>The answer to a request that has nothing to wait for but the end of its patience by the program's clock.</summary>
    protected async Task<HttpResponseMessage> PassTimeAsync(Task<HttpResponseMessage> asking)
    {
        await WaitFor.TrueAsync("an answer", () =>
        {
            if (!asking.IsCompleted) App.Clock.Advance(TimeSpan.FromSeconds(1));
            return asking.IsCompleted;
        });
        return await asking;
    }

    /// <summary>Sends the same again, as it is told to, until it is taken.</summary>
    protected async Task<JsonElement> TakenAsync(Func<Task<HttpResponseMessage>> send)
    {
        var taken = default(JsonElement);
        await WaitFor.TrueAsync("rows that are taken", async () =>
        {
            PassPause();
            var asking = send();
            await WaitFor.TrueAsync("an answer", () =>
            {
                PassPause();
                return asking.IsCompleted;
            });
            using var response = await asking;
            if (response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable) return false;
            taken = await JsonOfAsync(response);
            return true;
        });
        return taken;

        // Only that of the writer: more time than it pauses would be taken from the sender, whose patience goes by the same clock.
        void PassPause()
        {
            var longest = TimeSpan.FromSeconds(2);
            if (App.Clock.IsTimerPending(due => due <= longest)) App.Clock.Advance(longest);
        }
    }

    protected async Task<JsonElement> GetAsync(string path)
    {
        using var response = await Client.GetAsync(path);
        return await JsonOfAsync(response);
    }

    protected static async Task<JsonElement> JsonOfAsync(HttpResponseMessage response, HttpStatusCode status = HttpStatusCode.OK)
    {
        Assert.True(response.StatusCode == status, $"{response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    /// <summary>The error is problem details with the extra members, and nothing of the inside shows.</summary>
    public static async Task<JsonElement> AssertProblemAsync(HttpResponseMessage response, int status, params string[] words)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True((int)response.StatusCode == status, $"{(int)response.StatusCode}: {text}");
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = JsonSerializer.Deserialize<JsonElement>(text);
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        foreach (var member in new[] { "type", "title", "error", "traceId" }) Assert.NotEmpty(problem.GetProperty(member).GetString()!);
        foreach (var inside in new[] { "Exception", "   at ", "SQLite", "SensorDash.", ".cs" }) Assert.DoesNotContain(inside, text, StringComparison.Ordinal);
        foreach (var word in words) Assert.Contains(word, problem.GetProperty("error").GetString(), StringComparison.Ordinal);
        if (status is 429 or 503) Assert.True(response.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        return problem;
    }

    public static byte[] Zip(string text)
    {
        using var zipped = new MemoryStream();
        using (var gzip = new GZipStream(zipped, CompressionLevel.Fastest)) gzip.Write(Encoding.UTF8.GetBytes(text));
        return zipped.ToArray();
    }

    public static IEnumerable<string> MembersOf(JsonElement element) => element.EnumerateObject().Select(m => m.Name);

    public static IEnumerable<string?> Each(JsonElement array, string member) => array.EnumerateArray().Select(e => e.GetProperty(member).ToString());
}
