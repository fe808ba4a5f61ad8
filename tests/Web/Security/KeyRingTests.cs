using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Security;

/// <summary>The keys that sign forms, in the table <c>protection_keys</c>.</summary>
public sealed class KeyRingTests : IDisposable
{
    private const string Name = "key-0b4e9a3c-65a4-4b6c-8a5c-0f6f7b0b3f00";

    private readonly TemporaryFolder _folder = new();

    private string Keys => _folder.File("keys");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("<key id=\"")]
    [InlineData("<html></html>")]
    public async Task Start_UnreadableKey_IsIgnoredAndANewOneIsMade(string xml)
    {
        await AddAsync(Name, xml);

        await using var started = Start();
        using var client = started.CreateClient();
        using var page = await client.GetAsync("/zones");
        using var ready = await client.GetAsync("/health/ready");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (page.StatusCode, ready.StatusCode));
        var keys = await ReadAsync();
        Assert.Equal((2, xml), (keys.Count, keys[Name]));
        Assert.Contains(started.Logs.Entries, entry => entry.Level == LogLevel.Warning && entry.Text.Contains(Name, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_KeyOfAnEarlierRun_IsUsedAgain()
    {
        var (cookie, token) = await OpenFormAsync();
        var key = Assert.Single(await ReadAsync());

        await using var app = Start();
        using var client = app.CreateClient();

        Assert.Equal(HttpStatusCode.Found, await SendFormAsync(app.Address, cookie, token));
        Assert.Equal(key, Assert.Single(await ReadAsync()));
        Assert.False(Directory.Exists(Keys));
    }

    [Fact]
    public async Task Start_KeysOfTheFormerFolder_MoveIntoTheDatabaseAndSignOn()
    {
        var (cookie, token) = await OpenFormAsync();
        var (name, xml) = Assert.Single(await ReadAsync());
        await ExecuteAsync("DELETE FROM protection_keys");
        Directory.CreateDirectory(Keys);
        await File.WriteAllTextAsync(Path.Combine(Keys, name + ".xml"), xml);
        await File.WriteAllTextAsync(Path.Combine(Keys, Name + ".xml"), "<key id=\"");

        await using var app = Start();
        using var client = app.CreateClient();

        Assert.Equal(HttpStatusCode.Found, await SendFormAsync(app.Address, cookie, token));
        Assert.Equal(KeyValuePair.Create(name, xml), Assert.Single(await ReadAsync()));
        Assert.StartsWith(Path.Combine(Keys, Name + ".xml.aside-"), Assert.Single(Directory.GetFiles(Keys)), StringComparison.Ordinal);
        Assert.Contains(app.Logs.Entries, entry => entry.Level == LogLevel.Warning && entry.Text.Contains(Name, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_KeyInTheFolderAndInTheDatabase_KeepsThatOfTheDatabase()
    {
        await OpenFormAsync();
        var (name, xml) = Assert.Single(await ReadAsync());
        Directory.CreateDirectory(Keys);
        await File.WriteAllTextAsync(Path.Combine(Keys, name + ".xml"), "<key></key>"); // As after a kill before the file was deleted.

        await using var app = Start();
        using var client = app.CreateClient();

        Assert.Equal(KeyValuePair.Create(name, xml), Assert.Single(await ReadAsync()));
        Assert.False(Directory.Exists(Keys));
    }

    [Fact]
    public async Task Start_KeysThatCannotMove_StayAndTheServerRuns()
    {
        await AddAsync("x", "<key></key>"); // The schema.
        await ExecuteAsync("CREATE TRIGGER refuse BEFORE INSERT ON protection_keys WHEN NEW.name = '" + Name + "' BEGIN SELECT RAISE(ABORT, 'full'); END");
        Directory.CreateDirectory(Keys);
        await File.WriteAllTextAsync(Path.Combine(Keys, Name + ".xml"), "<key></key>");

        await using var app = Start();
        using var client = app.CreateClient();

        await client.GetStringAsync("/zones");
        Assert.True(File.Exists(Path.Combine(Keys, Name + ".xml")));
        Assert.Contains(app.Logs.Entries, entry => entry.Text.Contains("the next startup tries again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Page_KeysCannotBeRead_OnlyFormsFailUntilTheyCan()
    {
        await AddAsync("x", "<key></key>");
        await ExecuteAsync("ALTER TABLE protection_keys RENAME TO away");
        await using var app = Start();
        using var client = app.CreateClient();

        using var without = await client.GetAsync("/system");
        using var with = await client.GetAsync("/zones");
        await ExecuteAsync("ALTER TABLE away RENAME TO protection_keys");
        using var later = await client.GetAsync("/zones");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.InternalServerError, HttpStatusCode.OK), (without.StatusCode, with.StatusCode, later.StatusCode));
    }

    [Fact]
    public async Task Form_KeysCannotBeReadAfterTheStart_IsSignedAllTheSame()
    {
        await using var app = Start();
        using var client = app.CreateClient();
        await ExecuteAsync("ALTER TABLE protection_keys RENAME TO away");

        var (cookie, token) = await ReadFormAsync(app.Address);

        Assert.Equal(HttpStatusCode.Found, await SendFormAsync(app.Address, cookie, token));
    }

    [SkippableFact]
    public async Task Form_OfOneProcess_IsAcceptedByAnotherOnTheSameDatabase()
    {
        await using var database = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);
        await using var one = await SensorDashProcess.StartAsync(_folder.File("one.db"), [.. database.ProgramEnvironment, ("Analytics__Enabled", "false")]);
        await using var other = await SensorDashProcess.StartAsync(_folder.File("other.db"), [.. database.ProgramEnvironment, ("Analytics__Enabled", "false")]);

        var (cookie, token) = await ReadFormAsync(one.Client.BaseAddress!);

        Assert.Equal(HttpStatusCode.Found, await SendFormAsync(other.Client.BaseAddress!, cookie, token));
        Assert.Equal(1, await database.ScalarAsync("SELECT count(*) FROM protection_keys"));
        Assert.Equal(1, await database.ScalarAsync("SELECT count(*) FROM zones"));
    }

    private SensorDashApp Start() => new(("Database:Sqlite:Path", _folder.File("a.db")), ("Analytics:Enabled", "false"));

    private async Task<(string Cookie, string Token)> OpenFormAsync()
    {
        await using var app = Start();
        using var client = app.CreateClient();
        return await ReadFormAsync(app.Address);
    }

    private static async Task<(string Cookie, string Token)> ReadFormAsync(Uri address)
    {
        using var client = Client(address);
        using var page = await client.GetAsync("/zones");
        return (string.Join("; ", page.Headers.GetValues("Set-Cookie").Select(c => c.Split(';')[0])),
            Regex.Match(await page.Content.ReadAsStringAsync(), "__RequestVerificationToken\" type=\"hidden\" value=\"([^\"]+)\"").Groups[1].Value);
    }

    private static async Task<HttpStatusCode> SendFormAsync(Uri address, string cookie, string token)
    {
        using var client = Client(address);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/zones?handler=Add") { Headers = { { "Cookie", cookie } } };
        request.Content = new FormUrlEncodedContent([new("name", "Cellar"), new("color", "#112233"), new("__RequestVerificationToken", token)]);
        using var response = await client.SendAsync(request);
        return response.StatusCode;
    }

    private static HttpClient Client(Uri address) => new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false }, disposeHandler: true) { BaseAddress = address };

    private async Task AddAsync(string name, string xml)
    {
        if (!File.Exists(_folder.File("a.db"))) MigratedSqliteFile.CopyTo(_folder.File("a.db"));
        await ExecuteAsync("INSERT INTO protection_keys (name, xml) VALUES ($name, $xml)", ("$name", name), ("$xml", xml));
    }

    private async Task ExecuteAsync(string sql, params (string Name, string Value)[] values)
    {
        await using var connection = await SqliteLock.OpenAsync(_folder.File("a.db"));
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in values) command.Parameters.AddWithValue(name, value);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<Dictionary<string, string>> ReadAsync()
    {
        await using var connection = await SqliteLock.OpenAsync(_folder.File("a.db"));
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT name, xml FROM protection_keys ORDER BY name";
        await using var rows = await command.ExecuteReaderAsync();
        var keys = new Dictionary<string, string>();
        while (await rows.ReadAsync()) keys.Add(rows.GetString(0), rows.GetString(1));
        return keys;
    }
}
