using System.Diagnostics;
using System.Globalization;

namespace SensorDash.Tests.Support;

/// <summary>The program as a separate process on a free loopback port, for tests that need one: kill, memory.</summary>
public sealed class SensorDashProcess : IAsyncDisposable
{
    private readonly Process _process;

    private SensorDashProcess(Process process, Uri address)
    {
        _process = process;
        Client = new HttpClient(new SocketsHttpHandler(), disposeHandler: true) { BaseAddress = address, Timeout = TimeSpan.FromMinutes(10) };
    }

    public HttpClient Client { get; }

    /// <summary>Starts it on <paramref name="databasePath"/> and returns when it is ready.</summary>
    /// <param name="settings">Further environment variables.</param>
    public static Task<SensorDashProcess> StartAsync(string databasePath, params (string Name, string Value)[] settings)
        => StartAsync(["dotnet", Path.Combine(AppContext.BaseDirectory, "SensorDash.Web.dll")], databasePath, settings);

    /// <summary>Starts it with a command that accepts the program's arguments.</summary>
    public static async Task<SensorDashProcess> StartAsync(string[] command, string databasePath, params (string Name, string Value)[] settings)
    {
        // The program selects its port and logs it: a port that was free a moment ago may be in use now.
        const string Listening = "Now listening on: ";
        var start = new ProcessStartInfo(command[0], [.. command[1..], "--urls", "http://127.0.0.1:0"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["Database__Sqlite__Path"] = databasePath;
        foreach (var (name, value) in settings) start.Environment[name] = value;
        var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        Uri? address = null;
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.Split(Listening) is [_, var listening]) address = new Uri(listening.Trim());
            if (!line.Contains("Application started", StringComparison.Ordinal)) continue;
            _ = process.StandardOutput.ReadToEndAsync(); // A full pipe would block the program.
            return new SensorDashProcess(process, address ?? throw new InvalidOperationException("SensorDash did not log its address."));
        }
        throw new InvalidOperationException($"SensorDash did not start: {await errors}");
    }

    /// <summary>Anonymous memory and peak resident memory in MiB, as reported by the kernel.</summary>
    public (double Anonymous, double Peak) Memory()
    {
        var lines = File.ReadAllLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{_process.Id}/status"));
        return (Read("RssAnon:"), Read("VmHWM:"));

        double Read(string key) => double.Parse(lines.First(l => l.StartsWith(key, StringComparison.Ordinal))
            .Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    public bool IsRunning => !_process.HasExited;

    /// <summary>Kills it like <c>kill -9</c>.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await KillAsync();
        _process.Dispose();
    }
}
