using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using SensorDash.Tests.Support;

namespace SensorDash.Bench;

/// <summary>A server on loopback that takes line protocol.</summary>
internal sealed class LineProtocolServer : IAsyncDisposable
{
    private readonly IAsyncDisposable _process;
    private readonly Uri _write;

    private LineProtocolServer(string name, IAsyncDisposable process, int processId, HttpClient client, string write, string? statistics)
        => (Name, _process, Usage, Client, _write, Statistics) = (name, process, new ProcessUsage(processId), client, new Uri(write, UriKind.Relative), statistics);

    public string Name { get; }

    public HttpClient Client { get; }

    public ProcessUsage Usage { get; }

    /// <summary>A query of one node's statistics; null for other products.</summary>
    public string? Statistics { get; }

    public static async Task<LineProtocolServer?> SensorDashAsync(string name, string folder, params (string Name, string Value)[] settings)
    {
        var process = await PublishedProgram.StartAsync(Path.Combine(folder, "sensordash.db"), settings);
        return new($"SensorDash: {name}", process, process.Id, process.Client, "/write?precision=s", "/api/nodes/12/statistics");
    }

    /// <summary>Debian's <c>influxdb</c>; null where it is not installed. It syncs its log before each response.</summary>
    public static async Task<LineProtocolServer?> InfluxAsync(string folder)
    {
        const string Program = "/usr/bin/influxd";
        if (!File.Exists(Program)) return null;
        var (http, rpc) = (FreePort(), FreePort());
        var settings = Path.Combine(folder, "influxdb.conf");
        await File.WriteAllTextAsync(settings, string.Create(CultureInfo.InvariantCulture, $"""
            reporting-disabled = true
            bind-address = "127.0.0.1:{rpc}"
            [meta]
              dir = "{folder}/meta"
            [data]
              dir = "{folder}/data"
              wal-dir = "{folder}/wal"
              wal-fsync-delay = "0s"
            [monitor]
              store-enabled = false
            [http]
              bind-address = "127.0.0.1:{http}"
              log-enabled = false
            """));
        var started = await StartAsync("InfluxDB", Program, ["-config", settings], http, "/ping", "/write?db=bench&precision=s");
        using var created = await started.Client.PostAsync(new Uri("/query?q=CREATE%20DATABASE%20bench", UriKind.Relative), null);
        created.EnsureSuccessStatusCode();
        return started;
    }

    /// <summary>Debian's <c>victoria-metrics</c>; null where it is not installed. It responds before the rows are on disk.</summary>
    public static async Task<LineProtocolServer?> VictoriaAsync(string folder)
    {
        const string Program = "/usr/bin/victoria-metrics";
        if (!File.Exists(Program)) return null;
        var port = FreePort();
        return await StartAsync("VictoriaMetrics (not synced)", Program,
            [$"-storageDataPath={folder}", string.Create(CultureInfo.InvariantCulture, $"-httpListenAddr=127.0.0.1:{port}"), "-retentionPeriod=100y"], port, "/health", "/write?precision=s");
    }

    public async Task WriteAsync(byte[] lines)
    {
        using var content = new ByteArrayContent(lines);
        using var response = await Client.PostAsync(_write, content);
        response.EnsureSuccessStatusCode();
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static async Task<LineProtocolServer> StartAsync(string name, string program, string[] arguments, int port, string health, string write)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        var process = Process.Start(start)!;
        _ = process.StandardOutput.ReadToEndAsync();
        _ = process.StandardError.ReadToEndAsync();
        var client = new HttpClient(new SocketsHttpHandler(), disposeHandler: true)
        {
            BaseAddress = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}")),
            Timeout = TimeSpan.FromMinutes(10),
        };
        await WaitFor.TrueAsync(name, async () =>
        {
            try
            {
                using var response = await client.GetAsync(new Uri(health, UriKind.Relative));
                return response.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
        return new(name, new Started(process, client), process.Id, client, write, null);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private sealed class Started(Process process, HttpClient client) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            client.Dispose();
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }
}

/// <summary>CPU time of a process and the bytes that it caused to be written to disk, as the kernel counts them.</summary>
internal sealed class ProcessUsage(int processId)
{
    private const double TicksPerSecond = 100;

    public (double CpuSeconds, long BytesWritten) Read()
    {
        var fields = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/stat")).Split(") ")[1].Split(' ');
        var written = File.ReadAllLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/io")).First(line => line.StartsWith("write_bytes:", StringComparison.Ordinal));
        return ((long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond,
            long.Parse(written.Split(' ')[1], CultureInfo.InvariantCulture));
    }
}
