using System.Globalization;
using Microsoft.Playwright;
using SensorDash.Tests.Support;

namespace SensorDash.Browser.Tests;

/// <summary>One Chromium and one hub for the tests of a class. Without a browser they are skipped on a laptop and fail in CI.</summary>
public class BrowserFixture : IAsyncLifetime
{
    /// <summary>How long loading the demo data may take, in milliseconds: half a million readings, on a machine that is busy with other things too.</summary>
    public const float DemoLoadsWithin = 300_000;

    /// <summary>A name of the hub besides its address; browsers treat it like any name on a network.</summary>
    public const string HubName = "hub.lan";

    /// <summary>The name of another site on this machine.</summary>
    public const string OtherName = "other.example";

    private const string Zone = "Europe/Paris";

    // The shell first: the whole browser starts pages of its own window for every context, and takes twice as long.
    private static readonly string[] _programs = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"];
    private static readonly string? _chromium = _programs.FirstOrDefault(File.Exists);

    // For starting the browser too, which is a dozen processes.
    private static readonly float _timeout = (float)(2 * WaitFor.Limit.TotalMilliseconds);

    private TemporaryFolder? _folder;
    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private SensorDashProcess? _server;

    public string Address => _server!.Client.BaseAddress!.ToString().TrimEnd('/');

    /// <summary>Whether there is a browser.</summary>
    protected bool IsAvailable => _browser is not null;

    public HttpClient Client => _server!.Client;

    /// <summary>The one-time secret for the set-up of a hub on which people sign in.</summary>
    protected Task<string> SecretAsync() => _server!.SecretAsync();

    public string DatabasePath => _folder!.File("browser.db");

    /// <summary>The folder of the files that its Move page imports.</summary>
    public string ImportFolder => _folder!.File("import");

    /// <summary>A file beside the database.</summary>
    protected string FileAt(string name) => _folder!.File(name);

    public virtual async Task InitializeAsync()
    {
        if (_chromium is null)
        {
            if (Environment.GetEnvironmentVariable("CI") is not null) throw new InvalidOperationException($"{_programs[0]} is missing.");
            return;
        }
        _folder = new TemporaryFolder();
        Directory.CreateDirectory(ImportFolder);
        await PrepareAsync(DatabasePath);
        // Nothing here is about a power cut, and syncing every commit of the demo data takes long on a slow disk.
        _server = await SensorDashProcess.StartAsync(DatabasePath, [("Ingest__Durability", "Normal"), ("AllowedHosts", HubName), ("Transfer__ImportFolder", ImportFolder), .. Settings]);
        Assertions.SetDefaultExpectTimeout(_timeout);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = _chromium,
            Timeout = _timeout,
            // Without these Chromium calls home at every start, which closed networks refuse slowly.
            Args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
                $"--host-resolver-rules=MAP {HubName} 127.0.0.1, MAP {OtherName} 127.0.0.1"],
        });
    }

    /// <summary>A page of its own, whose errors are collected.</summary>
    /// <param name="isFirstVisit">The server does not know the browser's time zone yet, so the page fetches itself once more.</param>
    public async Task<WatchedPage> OpenAsync(int width = 1440, ColorScheme scheme = ColorScheme.Light, bool hasTouch = false, bool isFirstVisit = false)
    {
        Skip.If(_browser is null, $"{_programs[0]} is not installed.");
        var context = await _browser.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = Address,
            ViewportSize = new ViewportSize { Width = width, Height = 900 },
            ColorScheme = scheme,
            TimezoneId = Zone,
            Locale = "en-GB",
            AcceptDownloads = true,
            HasTouch = hasTouch,
            IsMobile = hasTouch,
        });
        context.SetDefaultTimeout(_timeout);
        if (!isFirstVisit) await context.AddCookiesAsync([.. ((string[])["127.0.0.1", HubName]).Select(host => new Cookie { Name = "sensordash-zone", Value = Zone, Domain = host, Path = "/" })]);
        return new WatchedPage(context, await context.NewPageAsync());
    }

    /// <summary>Sends readings of one node at equal intervals, the latest one measured so many seconds ago.</summary>
    public async Task SendAsync(int node, int count = 1, int secondsAgo = 0, int interval = 60)
    {
        var latest = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - secondsAgo;
        using var readings = new StringContent(string.Concat(Enumerable.Range(0, count).Select(i => FormattableString.Invariant(
            $"{{\"node_address\":{node},\"timestamp\":{latest - (i * interval)},\"temperature_celsius\":{15 + (i % 97 / 10m)},\"humidity_percent\":{40 + (i % 31)}}}\n"))), null, "application/x-ndjson");
        using var response = await Client.PostAsync(new Uri("/api/sensor-data", UriKind.Relative), readings);
        response.EnsureSuccessStatusCode();
    }

    /// <summary>Sends one reading of each node.</summary>
    public async Task SendAsync(IEnumerable<int> nodes, decimal celsius, int secondsAgo = 0)
    {
        var time = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - secondsAgo;
        using var readings = new StringContent(string.Concat(nodes.Select(node => string.Create(CultureInfo.InvariantCulture,
            $"{{\"node_address\":{node},\"timestamp\":{time},\"temperature_celsius\":{celsius},\"humidity_percent\":41}}\n"))), null, "application/x-ndjson");
        using var response = await Client.PostAsync(new Uri("/api/sensor-data", UriKind.Relative), readings);
        response.EnsureSuccessStatusCode();
    }

    /// <summary>Sends an event that happens now.</summary>
    public async Task SendEventAsync(string stream = "door")
    {
        using var laneEvent = new StringContent($$$"""
            {"lane": "parsed", "scopeId": "home", "sourceTruthTime": "{{{TimeProvider.System.GetUtcNow():yyyy-MM-ddTHH:mm:ssZ}}}", "streamId": "{{{stream}}}", "streamType": "contact", "schemaVersion": "1", "payload": {"open": true}}
            """, null, "application/json");
        using var response = await Client.PostAsync(new Uri("/api/events", UriKind.Relative), laneEvent);
        response.EnsureSuccessStatusCode();
    }

    /// <summary>Further settings of the hub, as environment variables.</summary>
    protected virtual (string Name, string Value)[] Settings => [];

    /// <summary>What must be so before the hub starts.</summary>
    protected virtual Task PrepareAsync(string databasePath) => Task.CompletedTask;

    public virtual async Task DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _playwright?.Dispose();
        if (_server is not null) await _server.DisposeAsync();
        _folder?.Dispose();
    }
}
