using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using SensorDash.Data;
using SensorDash.Data.Access;
using SensorDash.Data.Analytics;
using SensorDash.Data.DuckDb.Store;
using SensorDash.Data.Events;
using SensorDash.Data.Ingest;
using SensorDash.Data.Readings;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Storage;
using SensorDash.Migrations;
using SensorDash.Web.Api;
using SensorDash.Web.Backups;
using SensorDash.Web.Damage;
using SensorDash.Web.Demo;
using SensorDash.Web.Hosting;
using SensorDash.Web.Operations.Figures;
using SensorDash.Web.Operations.Metrics;
using SensorDash.Web.Pages.Display;
using SensorDash.Web.Pages.Error;
using SensorDash.Web.Pages.Move;
using SensorDash.Web.Pages.Overview;
using SensorDash.Web.Requests;
using SensorDash.Web.Security;
using SensorDash.Web.Streaming;
using SensorDash.Web.Transfers;

namespace SensorDash.Web.Operations;

/// <summary>Registers the services, builds the request pipeline and runs the program.</summary>
internal static class Startup
{
    public static void AddSensorDash(this WebApplicationBuilder builder, SwitchableServer server)
    {
        builder.UseSwitchableServer(server);
        builder.Configuration.AddSettingAliases();
        SettingsValidator.ThrowOnErrors(builder.Configuration);
        // Cookies that cannot be read are the fault of a client, or of keys that are gone: any request could fill the log with stack traces.
        // It logs whole addresses, also those with a key in them.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Warning);
        // It logs the fields of forms, passwords too.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Mvc.RazorPages", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.AspNetCore.Antiforgery.DefaultAntiforgery", LogLevel.Critical);
        builder.Logging.AddFilter("Microsoft.AspNetCore.Mvc.ViewFeatures.CookieTempDataProvider", LogLevel.Critical);
        var services = builder.Services;
        // Errors of starting are printed in one line, without the stack trace of this log.
        var phase = new StartupPhase();
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", level => level >= LogLevel.Information && phase.IsOver);
        services.AddSingleton(phase);
        var root = builder.Environment.ContentRootPath;
        services.AddSensorDashData();
        if (builder.Configuration["Database:Provider"] == DatabaseOptions.TimescaleProvider) services.AddTimescale().AddTimescaleSchema();
        else services.AddSqlite().AddSqliteSchema();
        if (builder.Configuration.GetValue<ReadingsBackend>("Readings:Backend") == ReadingsBackend.DuckDb) services.AddDuckDbReadings();
        else services.AddSidePath();
        services.PostConfigure<ReadingsOptions>(options => options.DuckDb.Path = Path.GetFullPath(options.DuckDb.Path, root));
        // What this machine keeps lies beside the SQLite file; when the database is elsewhere, beside where it would be.
        services.AddOptions<SqliteOptions>().BindConfiguration(SqliteOptions.SectionName);
        services.PostConfigure<SqliteOptions>(options => options.Path = Path.GetFullPath(options.Path, root));
        services.AddOptions<AnalyticsOptions>().PostConfigure<IOptions<SqliteOptions>>((analytics, sqlite) => analytics.Path = analytics.Path.Length > 0
            ? Path.GetFullPath(analytics.Path, root) : Path.ChangeExtension(sqlite.Value.Path, ".duckdb"));

        services.AddBackupFolder(root);
        services.AddSingleton<BackupJobs>();
        services.AddHostedService(provider => provider.GetRequiredService<BackupJobs>());
        services.AddHostedService<BackupWorker>();
        services.AddSingleton<DatabaseRepair>();
        services.AddSingleton<DamageJobs>();
        services.AddHostedService(provider => provider.GetRequiredService<DamageJobs>());
        services.AddSingleton<DataFiles>();
        services.AddDatabaseStartup();
        services.AddSingleton<UpgradeAnnouncer>();
        services.AddTransfers();
        if (builder.Configuration["Transfer:Secondary"] is { Length: > 0 }) services.AddShadowReads();
        services.AddSingleton<AuditTrail>();
        services.AddHostedService<AddressNote>();
        services.AddHostedService<StartEntry>();
        builder.AddMetrics();
        services.AddFigures();
        services.AddHostedService(provider => provider.GetRequiredService<IngestWorker<Reading>>());
        services.AddHostedService(provider => provider.GetRequiredService<IngestWorker<LaneEvent>>());

        // The framework's filter would respond with HTML, and lets every name in when the setting is empty.
        if (services.FirstOrDefault(s => s.ImplementationType?.Name == "HostFilteringStartupFilter") is { } filter) services.Remove(filter);
        services.AddAccess();
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<IngestOptions>>((kestrel, ingest) =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = ingest.Value.MaxBodyMiB * 1024L * 1024L;
        });
        services.AddFormLimits();
        // Without it, a truncated compressed body is not an error.
        AppContext.SetSwitch("System.IO.Compression.UseStrictValidation", true);
        services.AddRequestDecompression(decompression => DecompressedBody.AddTo(decompression.DecompressionProviders));
        services.AddCompressedResponses();
        services.AddEventReadLimit();
        services.AddSingleton<StreamLimit>();
        services.AddSingleton<SocketServices>();
        services.AddSingleton<IProblemDetailsWriter, ProblemWriter>();
        services.AddProblemDetails();
        services.AddExceptionHandler<ExceptionProblems>();
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            json.SerializerOptions.MaxDepth = 128; // A response may contain event data, which is up to 64 levels deep.
            json.SerializerOptions.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping; // Pages encode JSON themselves, and nosniff is always sent.
            json.SerializerOptions.Converters.Add(new PlainDecimalConverter());
            json.SerializerOptions.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower));
        });
        services.AddSensorDashOpenApi();
        // In the database, so that forms stay valid after a restart and in all web processes.
        services.AddDataProtection().SetApplicationName("SensorDash");
        services.AddSingleton<KeyRing>();
        services.AddSingleton<KeyFolder>();
        services.AddOptions<KeyManagementOptions>().Configure<KeyRing>((keys, ring) => keys.XmlRepository = ring);
        services.AddAntiforgery(antiforgery => (antiforgery.Cookie.Name, antiforgery.Cookie.SecurePolicy) = ("sensordash-forgery", CookieSecurePolicy.SameAsRequest));
        services.AddRazorPages(pages =>
        {
            pages.Conventions.ConfigureFilter(new MissingHandler());
            pages.AddNeeds();
        });
        services.AddMemoryCache();
        services.AddSingleton<DemoEvents>();
        services.AddSingleton<DemoData>();
        services.AddSingleton<DemoSender>();
        services.AddHostedService(provider => provider.GetRequiredService<DemoSender>());
        services.AddSingleton<Traces>();
        services.AddSingleton<ZonePanels>();
        services.AddSingleton<MovePlanner>();
        services.AddSingleton<MoveHistory>();
        services.AddSingleton<RailNodes>();
    }

    // The socket of the process outlives the host. A server that something else registers later, as in tests, replaces it.
    private static void UseSwitchableServer(this WebApplicationBuilder builder, SwitchableServer server)
    {
        var own = builder.Services.Last(s => s.ServiceType == typeof(IServer));
        builder.Services.Remove(own);
        builder.Services.AddSingleton(server); // An instance, which the host does not dispose.
        builder.Services.AddSingleton(provider => server.ForHost(() => (IServer)ActivatorUtilities.CreateInstance(provider, own.ImplementationType!)));
    }

    private static void AddTransfers(this IServiceCollection services)
    {
        services.AddOptions<TransferSettings>().BindConfiguration(TransferSettings.SectionName);
        services.AddSingleton<OwnStores>();
        services.AddSingleton<ServerStores>();
        services.AddSingleton<ImportFolder>();
        services.AddSingleton<TransferJobs>();
        services.AddHostedService(provider => provider.GetRequiredService<TransferJobs>());
        services.AddSingleton<StoreRoleStartup>();
        services.AddSingleton<ShadowReads>();
        services.AddSingleton<DualWrite>();
        services.AddSingleton<TransferControl>();
        services.AddHostedService(provider => provider.GetRequiredService<DualWrite>());
    }

    private static void AddFigures(this IServiceCollection services)
    {
        services.AddSingleton<FigureHistory>();
        services.AddSingleton<FigureListener>();
        services.AddSingleton<FigureGauges>();
        services.AddSingleton<StorageDays>();
        services.AddSingleton<SystemWatch>();
        services.AddHostedService<FigureSampler>();
    }

    private static void AddShadowReads(this IServiceCollection services)
    {
        var store = services.Last(s => s.ServiceType == typeof(IReadingStore));
        services.Remove(store);
        services.AddSingleton<IReadingStore>(provider => new SampledReadingStore(
            (IReadingStore)(store.ImplementationFactory?.Invoke(provider) ?? ActivatorUtilities.CreateInstance(provider, store.ImplementationType!)), provider.GetRequiredService<ShadowReads>()));
    }

    public static void UseSensorDash(this WebApplication app)
    {
        // Kestrel's own reader of bodies logs an error when a sender goes away while a form or a parser still holds bytes of it.
        app.Use((context, next) =>
        {
            context.Request.Body = new ReceivedBody(context, context.Request.Body);
            context.Features.Set<IRequestBodyPipeFeature>(new RequestBodyPipeFeature(context));
            return next(context);
        });
        app.UseForwardedHeaders();
        Credentials.Use(app);
        app.UseSecurityHeaders();
        app.UseHsts();
        app.UseResponseCompression();
        app.UseExceptionHandler();
        app.UseErrorResponses();
        HostNames.Use(app);
        app.UseRequestGates();
        app.UseBrowserFiles();
        app.UseRefusedBodies();
        app.UseFormLimits();
        app.UseRequestDecompression();
        app.UseTableFiles();
        app.UseSockets();
        app.UseRouting();
        app.UseAccess();
        app.UseUnknownParameters();
        app.UseRequestTimeouts();
        app.UseAntiforgery();
        app.MapApi();
        app.MapMetrics();
        app.MapOpenApi("/openapi/v1.json").For(Need.Viewer); // Without a name in the route: an unknown one would be answered as text.
        app.MapRazorPages();
    }

    /// <summary>Runs until stopped.</summary>
    /// <exception cref="StartupException">The database or the address is unavailable.</exception>
    public static async Task RunSensorDashAsync(this WebApplication app)
    {
        app.Services.GetRequiredService<DataFiles>().Check();
        // First, because ingest needs a claimed database with a current schema.
        await app.Services.GetRequiredService<DatabaseStartup>().RunAsync(app.Lifetime.ApplicationStopping);
        OpenDuckDbStore(app);
        await app.Services.GetRequiredService<AccessDirectory>().RefreshAsync(app.Lifetime.ApplicationStopping);
        await app.Services.GetRequiredService<StoreRoleStartup>().RunAsync(app.Lifetime.ApplicationStopping);
        app.Services.GetRequiredService<KeyFolder>().TakeOver(); // Before the framework reads the keys, and makes one if there is none.
        app.Lifetime.ApplicationStarted.Register(() =>
        {
            app.Services.GetRequiredService<StartupPhase>().IsOver = true;
            app.Services.GetRequiredService<SetUp>().Announce(app.Services);
        });
        var addresses = app.Configuration[ListenAddresses.Setting]; // The run disposes the configuration.
        try
        {
            await app.RunAsync();
        }
        catch (Exception e) when (ListenAddresses.Explain(e, addresses) is { } message)
        {
            throw new StartupException(message, e);
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
}

internal sealed class StartupPhase
{
    private volatile bool _isOver;

    public bool IsOver
    {
        get => _isOver;
        set => _isOver = value;
    }
}

/// <summary>The program cannot start because of its environment; the message says what to do.</summary>
internal sealed class StartupException(string message, Exception? innerException) : Exception(message, innerException);

internal static partial class Log
{
    [LoggerMessage(12, LogLevel.Information, "Demo data loaded: 12 nodes, 30 days.")]
    public static partial void DemoLoaded(ILogger logger);

    [LoggerMessage(14, LogLevel.Warning, DemoData.Refusal)]
    public static partial void DemoRefused(ILogger logger);

    [LoggerMessage(13, LogLevel.Error, "Loading demo data failed.")]
    public static partial void DemoFailed(ILogger logger, Exception error);

    [LoggerMessage(11, LogLevel.Error, "{Method} {Path} failed.")]
    public static partial void RequestFailed(ILogger logger, string method, string path, Exception error);
}
