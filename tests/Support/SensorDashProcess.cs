using System.Diagnostics;
using System.Globalization;

namespace SensorDash.Tests.Support;

/// <summary>The program as a process of its own, on a free port of loopback, for what cannot be shown inside one: being killed, memory.</summary>
public sealed class SensorDashProcess : IAsyncDisposable
{
    private readonly Process _process;

    private SensorDashProcess(Process process, Uri address)
    {
        _process = process;
        Client = new HttpClient(new SocketsHttpHandler(), disposeHandler: true) { BaseAddress = address, Timeout = TimeSpan.FromMinutes(10) };
    }

    public HttpClient Client { get; }

    /// <summary>Starts it on <paramref name="databasePath"/> and returns when it answers.</summary>
    /// <param name="settings">Further environment variables.</param>
    public static Task<SensorDashProcess> StartAsync(string databasePath, params (string Name, string Value)[] settings)
        => StartAsync(["dotnet", Path.Combine(AppContext.BaseDirectory, "SensorDash.Web.dll")], databasePath, settings);

    /// <summary>Starts it by a command that takes the program's arguments.</summary>
    public static async Task<SensorDashProcess> StartAsync(string[] command, string databasePath, params (string Name, string Value)[] settings)
    {
        // The system chooses the port as the program takes it: one that is looked for beforehand may be somebody else's by then.
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
            if (line.IndexOf(Listening, StringComparison.Ordinal) is >= 0 and var at) address = new Uri(line[(at + Listening.Length)..].Trim());
            if (!line.Contains("Application started", StringComparison.Ordinal)) continue;
            _ = process.StandardOutput.ReadToEndAsync(); // A full pipe would stop the program.
            return new SensorDashProcess(process, address!);
        }
        throw new InvalidOperationException($"SensorDash did not start: {await errors}");
    }

    /// <summary>Anonymous memory and peak resident memory in MiB, as the kernel counts them.</summary>
    public (double Anonymous, double Peak) Memory()
    {
        var lines = File.ReadAllLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{_process.Id}/status"));
        return (Read("RssAnon:"), Read("VmHWM:"));

        double Read(string key) => double.Parse(lines.First(l => l.StartsWith(key, StringComparison.Ordinal))
            .Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    public bool IsRunning => !_process.HasExited;

    /// <summary>Ends it as <c>kill -9</c> does.</summary>
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
