using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using SensorDash.Data;
using SensorDash.Data.Readings;
using SensorDash.Data.Retention;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;
using SensorDash.Migrations;
using SensorDash.Web.Api;
using SensorDash.Web.Commands.Transfer;
using SensorDash.Web.Operations;
using SensorDash.Web.Pages.Display;

namespace SensorDash.Web.Commands.Retention;

/// <summary><c>dotnet run --project src/Web -- retention preview</c>: what retention would delete. It deletes nothing.</summary>
internal static class RetentionCommand
{
    public const string Name = "retention";

    private const int Done = 0, Failed = 1;

    // A server where people sign in takes an API key with the scope read.
    private const string KeyVariable = "SENSORDASH_API_KEY";

    private static readonly JsonSerializerOptions _json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>The command with its subcommand.</summary>
    /// <param name="settings">Settings of the program.</param>
    public static Command Create(string[] settings)
    {
        var days = new Option<int>("--days") { Description = "Days to try for what is kept forever by the settings.", HelpName = "N", DefaultValueFactory = _ => RetentionPreview.OfferedDays };
        var server = new Option<string>("--server") { Description = "The running server. Default: the one that holds the database.", HelpName = "URL" };
        var preview = new Command("preview", "Show what retention deletes with its next run, or would delete, by the settings that follow. Works beside the server.") { days, server };
        preview.SetAction(async (result, token) =>
        {
            try
            {
                var count = result.GetValue(days);
                if (count is < 1 or > RetentionOptions.MaxDays) throw new StartupException($"--days must be 1 to {RetentionOptions.MaxDays}, not {count}.", null);
                var response = await ReadAsync(settings, count, result.GetValue(server), token);
                await WriteAsync(response, Console.Out);
                return response.Errors.Count == 0 ? Done : Failed;
            }
            catch (Exception e) when (e is StartupException or StoreUnavailableException or TransferException or HttpRequestException or IOException or UnauthorizedAccessException)
            {
                await Console.Error.WriteLineAsync($"SensorDash: {e.Message}");
                return Failed;
            }
        });
        return new(Name, "Delete old readings and events: docs/operations.md.") { preview };
    }

    private static async Task<RetentionResponse> ReadAsync(string[] settings, int days, string? server, CancellationToken cancellationToken)
    {
        var configuration = CommandSettings.Read(settings);
        var address = new TransferStores(configuration, TimeProvider.System).Configured;
        var isSqlite = address.Kind == StoreKind.Sqlite;
        if (isSqlite && !File.Exists(address.Place)) throw new StartupException($"There is no database {address.Place}. Start the server once, or name the file with --Database:Sqlite:Path.", null);
        if (server is not null) return await AskAsync(new(server), days, cancellationToken);
        var isDuckDb = configuration["Readings:Backend"]?.Equals(nameof(ReadingsBackend.DuckDb), StringComparison.OrdinalIgnoreCase) == true;
        // A DuckDB file admits one process; settings of this command count for a database.
        if (isDuckDb && isSqlite && SqliteFileLock.FindServer(address.Place) is { } found) return await AskAsync(new(found), days, cancellationToken);
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddConfiguration(configuration).AddInMemoryCollection(isSqlite ? [new("Database:Sqlite:Path", address.Place)] : []).Build());
        services.AddLogging();
        services.AddSensorDashData();
        if (isSqlite) services.AddSqlite().AddSqliteSchema();
        else services.AddTimescale().AddTimescaleSchema();
        if (isDuckDb) services.AddDuckDbReadings();
        await using var provider = services.BuildServiceProvider();
        if (isDuckDb) provider.GetRequiredService<Data.DuckDb.Store.DuckDbReadingFile>().Open(cancellationToken);
        var lines = await provider.GetRequiredService<RetentionPreview>().ReadAsync(days, cancellationToken);
        return new(lines, provider.GetRequiredService<RetentionRules>().Errors, null);
    }

    private static async Task<RetentionResponse> AskAsync(Uri server, int days, CancellationToken cancellationToken)
    {
        using var client = new HttpClient(new SocketsHttpHandler(), disposeHandler: true) { BaseAddress = server };
        if (Environment.GetEnvironmentVariable(KeyVariable) is { Length: > 0 } key) client.DefaultRequestHeaders.Authorization = new("Bearer", key);
        using var response = await client.GetAsync(new Uri(string.Create(CultureInfo.InvariantCulture, $"/api/system/retention?days={days}"), UriKind.Relative), cancellationToken);
        if (!response.IsSuccessStatusCode) throw new HttpRequestException($"The server refuses: {(int)response.StatusCode}. Where people sign in, set {KeyVariable} to an API key with the scope read.");
        return (await response.Content.ReadFromJsonAsync<RetentionResponse>(_json, cancellationToken))!;
    }

    private static async Task WriteAsync(RetentionResponse response, TextWriter output)
    {
        foreach (var error in response.Errors) await output.WriteLineAsync($"{error} Retention of readings deletes nothing until this is corrected.");
        if (response.Waiting is not null) await output.WriteLineAsync("Retention waits and deletes nothing, because the clock of the server is far ahead of its last run. Its System page has what you can do.");
        await output.WriteLineAsync($"{"",-28} {"kept",-26} {"rows to delete",16} {"size, estimated",16}  oldest row");
        foreach (var line in response.Settings)
        {
            var days = FormattableString.Invariant($"{line.Days} {(line.Days == 1 ? "day" : "days")}");
            var kept = line.Days == 0 ? "forever" : line.IsChosen ? days : $"forever (if {days})";
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                $"{line.Kind + " " + line.Of,-28} {kept,-26} {line.Rows,16:N0} {SizeText.Of(line.Bytes),16}  {(line.Oldest is { } oldest ? DateTimeOffset.FromUnixTimeSeconds(oldest).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) : "none")}"));
        }
    }
}
