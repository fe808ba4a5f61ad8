using System.Net;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;
using SensorDash.Web.Tests.Security;

namespace SensorDash.Web.Tests.Operations;

/// <summary>People stay signed in while the data move to another store.</summary>
public sealed class AccessMoveTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public async Task CutOver_FromSqliteToPostgreSqlAndBack_KeepsSessionsFormsAndTheLog()
    {
        await using var database = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);
        var path = _folder.File("hub.db");
        MigratedSqliteFile.CopyTo(path);
        await File.WriteAllTextAsync(_folder.File("password"), "analytical-engine");
        var added = await ProgramRun.ToItsEndAsync(["users", "add", "ada", "--role", "admin", "--password-file", _folder.File("password")], ("Database__Sqlite__Path", path));
        Assert.Equal((0, ""), (added.ExitCode, added.Errors));
        var second = $"timescale:Host={database.Options.Host};Port={database.Options.Port};Database={database.Name};User={database.Options.User};PasswordEnv={database.Options.PasswordEnv}";
        // The provider is SQLite, and the rest only completes the address.
        await using var server = await SensorDashProcess.StartAsync(path,
            [.. database.ProgramEnvironment.Where(s => s.Name != "Database__Provider"), ("Transfer__Secondary", second), ("Analytics__Enabled", "false"), ("Ingest__Durability", "Normal")]);
        using var browser = new HubBrowser(server.Client.BaseAddress!);
        using (var signedIn = await browser.SendAsync("/sign-in", null, ("name", "ada"), ("password", "analytical-engine"))) Assert.Equal(HttpStatusCode.Redirect, signedIn.StatusCode);
        var token = await browser.TokenAsync("/zones");

        await MoveAsync(browser, "cutover", path);
        await AddZoneAsync(browser, token, "Cellar");
        await MoveAsync(browser, "rollback");
        await AddZoneAsync(browser, token, "Attic");

        string?[] actions = [.. (await ReadAsync(browser, "/api/audit")).GetProperty("entries").EnumerateArray().Select(e => $"{e.GetProperty("actor")} {e.GetProperty("action")} {e.GetProperty("target")}".Trim()).Reverse()];
        Assert.Equal(["ada store.cut_over", "ada zone.add zone 1, Cellar", "ada store.roll_back", "ada zone.add zone 2, Attic"],
            actions.Where(a => a!.StartsWith("ada ", StringComparison.Ordinal)).Select(a => a!.Split(" timescale:")[0].Split(" sqlite:")[0]).Where(a => !a.Contains("sign_in", StringComparison.Ordinal)));
        Assert.Contains(actions, a => a!.StartsWith("SensorDash store.roll_back", StringComparison.Ordinal));
        Assert.Equal(0, await database.ScalarAsync("SELECT count(*) FROM users WHERE name <> 'ada'"));
    }

    // With the file of the database: its writer waits while the move begins, and the answer comes all the same.
    private static async Task MoveAsync(HubBrowser browser, string name, string? file = null)
    {
        await WaitFor.TrueAsync("the second store is verified", async () => (await ReadAsync(browser, "/api/transfers")).GetProperty("refusal").ValueKind == JsonValueKind.Null);
        using var stop = new CancellationTokenSource();
        var isFound = file is null ? Task.FromResult(true) : IsAlwaysFoundAsync(file, stop.Token);
        Task<HttpResponseMessage> beginning;
        await using (var writer = new SqliteConnection($"Data Source={file ?? ":memory:"};Pooling=False"))
        {
            await writer.OpenAsync();
            await using var command = writer.CreateCommand();
            command.CommandText = "BEGIN IMMEDIATE";
            await command.ExecuteNonQueryAsync();
            beginning = browser.Client.PostAsync(new Uri($"/api/transfers/{name}", UriKind.Relative), null);
            if (file is not null) await Task.Delay(600); // A moment, not a wait, and less than SQLite waits: the entry of the audit log is written after it.
        }
        using (var begun = await beginning) Assert.Equal(HttpStatusCode.Accepted, begun.StatusCode);
        await WaitFor.TrueAsync("the move is complete", async () => await JsonPoll.TryReadAsync(browser.Client, "/api/transfers") is { } state
            && state.GetProperty("last_move") is { ValueKind: JsonValueKind.Object } move && move.GetProperty("kind").GetString() == name);
        await stop.CancelAsync();
        Assert.True(await isFound, "no server was found at the file for a moment");
        var moved = (await ReadAsync(browser, "/api/transfers")).GetProperty("last_move");
        Assert.True(moved.GetProperty("error").ValueKind == JsonValueKind.Null, moved.ToString());
    }

    // A command that found none would take the file, and the next host could not start.
    private static Task<bool> IsAlwaysFoundAsync(string file, CancellationToken stop) => Task.Run(async () =>
    {
        while (!stop.IsCancellationRequested)
        {
            if (SqliteFileLock.FindServer(file) is null) return false;
            await Task.Delay(20, CancellationToken.None);
        }
        return true;
    }, CancellationToken.None);

    private static async Task AddZoneAsync(HubBrowser browser, string token, string name)
    {
        using var response = await browser.SendAsync("/zones", "Add", token, ("name", name), ("color", "#112233"));
        Assert.True(response.StatusCode == HttpStatusCode.Redirect && response.Headers.Location?.ToString() == "/zones", $"{response.StatusCode} {response.Headers.Location}");
    }

    private static async Task<JsonElement> ReadAsync(HubBrowser browser, string path)
    {
        using var response = await browser.Client.GetAsync(new Uri(path, UriKind.Relative));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{response.StatusCode}: {text}");
        return JsonDocument.Parse(text).RootElement;
    }
}
