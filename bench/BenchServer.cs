using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace SensorDash.Bench;

/// <summary>SensorDash as a process of its own, on a free port of loopback and a database file of its own.</summary>
internal sealed class BenchServer : IAsyncDisposable
{
    private readonly Process _process;

    private BenchServer(Process process, Uri address, string databasePath)
    {
        _process = process;
        Client = new HttpClient(new SocketsHttpHandler(), disposeHandler: true) { BaseAddress = address, Timeout = TimeSpan.FromMinutes(10) };
        DatabasePath = databasePath;
    }

    public HttpClient Client { get; }

    public string DatabasePath { get; }

    public static async Task<BenchServer> StartAsync(string folder)
    {
        var port = FreePort();
        var databasePath = Path.Combine(folder, "sensordash.db");
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "SensorDash.Web.dll"), "--urls", $"http://127.0.0.1:{port}"])
        {
            RedirectStandardOutput = true,
        };
        start.Environment["Database__Sqlite__Path"] = databasePath;
        var process = Process.Start(start)!;
        var server = new BenchServer(process, new Uri($"http://127.0.0.1:{port}"), databasePath);
        while (await process.StandardOutput.ReadLineAsync() is { } line)
            if (line.Contains("Application started", StringComparison.Ordinal)) break;
        _ = process.StandardOutput.ReadToEndAsync();
        return server;
    }

    /// <summary>Anonymous memory and peak resident memory in MiB, as the kernel counts them.</summary>
    public (double Anonymous, double Peak) Memory()
    {
        var lines = File.ReadAllLines($"/proc/{_process.Id}/status");
        return (Read("RssAnon:"), Read("VmHWM:"));

        double Read(string key) => double.Parse(lines.First(l => l.StartsWith(key, StringComparison.Ordinal))
            .Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture) / 1024;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
