using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using SensorDash.Data;
using SensorDash.Data.Analytics;
using SensorDash.Data.DuckDb.Store;
using SensorDash.Data.Events;
using SensorDash.Data.Ingest;
using SensorDash.Data.Readings;
using SensorDash.Data.Retention;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Storage;
using SensorDash.Data.Timescale;
using SensorDash.Migrations;
using SensorDash.Web.Api;
using SensorDash.Web.Commands;
using SensorDash.Web.Security;

namespace SensorDash.Web.Operations;

/// <summary>How the program is put together.</summary>
internal static class Startup
{
    public static void AddSensorDash(this WebApplicationBuilder builder)
    {
        builder.Configuration.AddSettingAliases();
        ThrowOnErrors(builder.Configuration);
        var services = builder.Services;
        var root = builder.Environment.ContentRootPath;
        services.AddSensorDashData();
        if (builder.Configuration["Database:Provider"] == DatabaseOptions.TimescaleProvider) services.AddTimescale().AddTimescaleSchema();
        else services.AddSqlite().AddSqliteSchema();
        if (builder.Configuration.GetValue<ReadingsBackend>("Readings:Backend") == ReadingsBackend.DuckDb) services.AddDuckDbReadings();
        else services.AddSidePath();
        services.PostConfigure<ReadingsOptions>(options => options.DuckDb.Path = Path.GetFullPath(options.DuckDb.Path, root));
        // What this machine keeps lies beside the SQLite file. When the database is elsewhere these options keep their defaults: then beside where it would be.
        services.PostConfigure<SqliteOptions>(options => options.Path = Path.GetFullPath(options.Path, root));
        services.AddOptions<AnalyticsOptions>().PostConfigure<IOptions<SqliteOptions>>((analytics, sqlite) => analytics.Path = analytics.Path.Length > 0
            ? Path.GetFullPath(analytics.Path, root) : Path.ChangeExtension(sqlite.Value.Path, ".duckdb"));

        services.AddSingleton<DatabaseStartup>();
        services.AddSingleton<HubMetrics>();
        services.AddHostedService(provider => provider.GetRequiredService<ReadingWorker>());
        services.AddHostedService(provider => provider.GetRequiredService<EventWorker>());

        // The framework's own filter answers with a page of HTML before ours could say it as every other error is said.
        if (services.FirstOrDefault(s => s.ImplementationType?.Name == "HostFilteringStartupFilter") is { } filter) services.Remove(filter);
        services.Configure<HostFilteringOptions>(hosts => hosts.IncludeFailureMessage = false);
        services.AddOptions<SecurityOptions>().BindConfiguration(SecurityOptions.SectionName);
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<IngestOptions>>((kestrel, ingest) =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = ingest.Value.MaxBodyMiB * 1024L * 1024L;
        });
        services.Configure<FormOptions>(form => form.ValueLengthLimit = 64 * 1024);
        // Without it a compressed body that breaks off reads like one that ends there.
        AppContext.SetSwitch("System.IO.Compression.UseStrictValidation", true);
        services.AddRequestDecompression();
        services.AddEventReadLimit();
        services.AddSingleton<IProblemDetailsWriter, ProblemWriter>();
        services.AddProblemDetails();
        services.AddExceptionHandler<ExceptionProblems>();
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            json.SerializerOptions.MaxDepth = 128; // An answer may hold the data of an event, which is up to 64 deep.
            json.SerializerOptions.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping; // Never inside HTML: nosniff is always sent.
            json.SerializerOptions.Converters.Add(new PlainDecimalConverter());
            json.SerializerOptions.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower));
        });
        services.AddSensorDashOpenApi();
        // Beside the database, not in somebody's home folder: forms stay valid over a restart, also for a service user without a home.
        services.AddDataProtection().SetApplicationName("SensorDash");
        services.AddOptions<KeyManagementOptions>().Configure<IOptions<SqliteOptions>, ILoggerFactory>((keys, sqlite, loggers) =>
            keys.XmlRepository = new FileSystemXmlRepository(new DirectoryInfo(Path.Combine(Path.GetDirectoryName(sqlite.Value.Path)!, "keys")), loggers));
        services.AddAntiforgery(antiforgery => antiforgery.Cookie.Name = "sensordash-forgery");
        services.AddRazorPages();
        services.AddMemoryCache();
        services.AddSingleton<DemoEvents>();
        services.AddSingleton<DemoData>();
        services.AddSingleton<Pages.Display.Sparklines>();
    }

    public static void UseSensorDash(this WebApplication app)
    {
        app.UseSecurityHeaders();
        app.UseExceptionHandler();
        app.UseErrorResponses();
        app.UseHostFiltering();
        app.UseNetworkGate();
        // Modules import each other by plain names: asked for again each time, a new version never runs with an old one's parts.
        app.UseStaticFiles(new StaticFileOptions { OnPrepareResponse = file => file.Context.Response.Headers.CacheControl = "no-cache" });
        app.UseRequestDecompression();
        app.UseRouting();
        app.UseRequestTimeouts();
        app.UseAntiforgery();
        app.MapApi();
        app.MapOpenApi("/openapi/{documentName}.json");
        app.MapRazorPages();
    }

    /// <summary>Runs until stopped.</summary>
    /// <exception cref="StartupException">The database or the address cannot be had.</exception>
    public static async Task RunSensorDashAsync(this WebApplication app)
    {
        // Before anything else starts: the file is ours, its schema is right, and only then are readings taken.
        await app.Services.GetRequiredService<DatabaseStartup>().RunAsync(app.Lifetime.ApplicationStopping);
        OpenDuckDbStore(app);
        try
        {
            await app.RunAsync();
        }
        catch (IOException e) when (e.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
        {
            throw new StartupException(e.Message + " Choose another with --urls http://127.0.0.1:5081.", e);
        }
    }

    private static void OpenDuckDbStore(WebApplication app)
    {
        try
        {
            app.Services.GetService<DuckDbReadingFile>()?.Open(app.Lifetime.ApplicationStopping);
        }
        catch (StoreUnavailableException e)
        {
            throw new StartupException(e.Message, e);
        }
    }

    private static void ThrowOnErrors(IConfiguration configuration)
    {
        string[] faults = [
            .. SettingsValidator.Errors(configuration, DatabaseOptions.SectionName, new DatabaseOptionsValidator(), SqliteOptions.SectionName, TimescaleOptions.SectionName),
            .. SettingsValidator.Errors(configuration, SqliteOptions.SectionName, new SqliteOptionsValidator()),
            .. SettingsValidator.Errors(configuration, TimescaleOptions.SectionName, new TimescaleOptionsValidator()),
            .. SettingsValidator.Errors(configuration, ReadingsOptions.SectionName, new ReadingsOptionsValidator()),
            .. SettingsValidator.Errors(configuration, IngestOptions.SectionName, new IngestOptionsValidator()),
            .. SettingsValidator.Errors(configuration, EventOptions.SectionName, new EventOptionsValidator()),
            .. SettingsValidator.Errors(configuration, AnalyticsOptions.SectionName, new AnalyticsOptionsValidator()),
            .. SettingsValidator.Errors(configuration, RetentionOptions.SectionName, new RetentionOptionsValidator()),
            .. SettingsValidator.Errors<SecurityOptions>(configuration, SecurityOptions.SectionName)];
        if (faults.Length > 0) throw new StartupException("the settings have faults:\n  " + string.Join("\n  ", faults), null);
    }
}

/// <summary>Something outside the program keeps it from starting; the message says what to do.</summary>
internal sealed class StartupException(string message, Exception? innerException) : Exception(message, innerException);

internal static partial class Log
{
    [LoggerMessage(12, LogLevel.Information, "Demo data is loaded: 12 nodes, 30 days.")]
    public static partial void DemoLoaded(ILogger logger);

    [LoggerMessage(13, LogLevel.Error, "Demo data could not be loaded.")]
    public static partial void DemoFailed(ILogger logger, Exception error);

    [LoggerMessage(11, LogLevel.Error, "{Method} {Path} failed.")]
    public static partial void RequestFailed(ILogger logger, string method, string path, Exception error);
}
