using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace SensorDash.Tests.Support;

/// <summary>The program as a separate process on a free loopback port, for tests that need one: kill, memory.</summary>
public sealed class SensorDashProcess : IAsyncDisposable
{
    // Reached only if the program hangs.
    private static readonly TimeSpan _limit = 3 * WaitFor.Limit;

    // tests.runsettings sets them for the tests; long runs measure the program as it is.
    private static readonly string[] _ofTests = ["DOTNET_TC_CallCountThreshold", "DOTNET_TieredPGO"];

    private const string SecretMark = "one-time secret: ";

    private const int MaxErrors = 100;
    private const int MaxErrorLines = 20;

    private readonly Process _process;
    private readonly Queue<string> _errors = new();
    private readonly TaskCompletionSource<string> _secret = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _output = Task.CompletedTask;

    private SensorDashProcess(Process process, Uri address)
    {
        _process = process;
        Client = new HttpClient(new SocketsHttpHandler(), disposeHandler: true) { BaseAddress = address, Timeout = TimeSpan.FromMinutes(10) };
    }

    /// <summary>The command that runs the program; append its arguments.</summary>
    /// <remarks>The one in <c>SENSORDASH_TEST_PROGRAM</c>, a folder with a published program: compiled ahead of time it starts with two thirds of the CPU time. Else the one that was built with the tests.</remarks>
    public static IReadOnlyList<string> Program { get; } = ["dotnet", Path.Combine(Environment.GetEnvironmentVariable("SENSORDASH_TEST_PROGRAM") ?? AppContext.BaseDirectory, "SensorDash.Web.dll")];

    public HttpClient Client { get; }

    /// <summary>What it wrote to standard output until it was ready.</summary>
    public string StartOutput { get; private init; } = "";

    /// <summary>The one-time secret in its log; of a server on which people sign in and nobody is an administrator.</summary>
    public Task<string> SecretAsync()
    {
        if (StartOutput.Split(SecretMark) is [_, var rest]) _secret.TrySetResult(rest.Split('\n')[0].Trim());
        return _secret.Task.WaitAsync(WaitFor.Limit);
    }

    /// <summary>Starts it on <paramref name="databasePath"/> and returns when it is ready.</summary>
    /// <param name="settings">Further environment variables.</param>
    public static Task<SensorDashProcess> StartAsync(string databasePath, params (string Name, string Value)[] settings)
        => StartAsync([.. Program], databasePath, settings);

    /// <summary>Starts it with a command that accepts the program's arguments.</summary>
    /// <remarks>A commit may take long on a busy machine; tests of the AckTimeout set their own.</remarks>
    public static Task<SensorDashProcess> StartAsync(string[] command, string databasePath, params (string Name, string Value)[] settings)
        => StartExactlyAsync([.. command, "--urls", "http://127.0.0.1:0"], null, [("Database__Sqlite__Path", databasePath), ("Ingest__AckTimeout", "00:05:00"), .. settings]);

    /// <summary>Starts it with these arguments only.</summary>
    /// <param name="command">The command with all arguments.</param>
    /// <param name="folder">The current folder; null for that of the tests.</param>
    /// <param name="settings">Environment variables.</param>
    public static async Task<SensorDashProcess> StartExactlyAsync(string[] command, string? folder, params (string Name, string Value)[] settings)
    {
        // The program selects its port and logs it: a port that was free a moment ago may be in use now.
        const string Listening = "Now listening on: ";
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = folder ?? "",
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (Environment.GetEnvironmentVariable("SENSORDASH_SOAK") == "full" || Environment.GetEnvironmentVariable("SENSORDASH_FAULTS") == "full")
            foreach (var name in _ofTests) start.Environment.Remove(name);
        foreach (var (name, value) in settings) start.Environment[name] = value;
        var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        Uri? address = null;
        var output = new StringBuilder();
        using var timeout = new CancellationTokenSource(_limit);
        using var kill = timeout.Token.Register(process.Kill); // Ends the output.
        while (await process.StandardOutput.ReadLineAsync(CancellationToken.None) is { } line)
        {
            output.AppendLine(line);
            if (line.Split(Listening) is [_, var listening]) address = new Uri(listening.Trim());
            if (!line.Contains("Application started", StringComparison.Ordinal)) continue;
            var started = new SensorDashProcess(process, address ?? throw new InvalidOperationException("SensorDash did not log its address.")) { StartOutput = output.ToString() };
            started._output = started.ReadLogAsync(); // A full pipe would block the program.
            return started;
        }
        throw new InvalidOperationException($"SensorDash did not start: {await errors}{output}");
    }

    /// <summary>Anonymous memory and peak resident memory in MiB, as reported by the kernel.</summary>
    public (double Anonymous, double Peak) Memory()
    {
        var lines = File.ReadAllLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{_process.Id}/status"));
        return (Read("RssAnon:"), Read("VmHWM:"));

        double Read(string key) => double.Parse(lines.First(l => l.StartsWith(key, StringComparison.Ordinal))
            .Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    /// <summary>CPU time since its start: on a busy machine a better measure than elapsed time.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public bool IsRunning => !_process.HasExited;

    /// <summary>Entries of the log at the levels error and critical, after the start, the first of very many.</summary>
    public IReadOnlyList<string> LoggedErrors
    {
        get
        {
            lock (_errors) return [.. _errors];
        }
    }

    /// <summary>Ends it like a service manager, and waits until it has ended.</summary>
    public async Task TerminateAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        await _process.WaitForExitAsync();
    }

    /// <summary>Kills it like <c>kill -9</c>.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        await _output;
    }

    // The console log begins an entry with its level, and indents its other lines.
    private async Task ReadLogAsync()
    {
        var entry = new List<string>();
        while (await _process.StandardOutput.ReadLineAsync(CancellationToken.None) is { } line)
        {
            if (line.Split(SecretMark) is [_, var secret]) _secret.TrySetResult(secret.Trim());
            if (line.StartsWith(' ') && entry.Count is > 0 and < MaxErrorLines) entry.Add(line);
            if (line.StartsWith(' ')) continue;
            Keep();
            if (line.StartsWith("fail:", StringComparison.Ordinal) || line.StartsWith("crit:", StringComparison.Ordinal)) entry.Add(line);
        }
        Keep();

        void Keep()
        {
            if (entry.Count == 0) return;
            lock (_errors)
            {
                if (_errors.Count < MaxErrors) _errors.Enqueue(string.Join('\n', entry));
            }
            entry.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await KillAsync();
        _process.Dispose();
    }
}
