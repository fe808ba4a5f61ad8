using System.Diagnostics;
using System.Text.Json;
using SensorDash.Tests.Support;

namespace SensorDash.Soak.Tests;

/// <summary>A documented Node client in a process of its own, with the ids of the events that it wrote.</summary>
internal sealed class ExampleClient : IDisposable
{
    private readonly Process _process;
    private readonly List<string> _received = [];
    private readonly Task _reading;
    private readonly Task<string> _errors;

    private ExampleClient(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
        _reading = ReadAsync();
    }

    public static ExampleClient Start(string script, Uri hub, params string[] arguments) => new(Process.Start(
        new ProcessStartInfo("node", ["--no-warnings", "--experimental-websocket", Path.Combine(Repository.Root, "docs", "examples", script), hub.ToString(), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!);

    public int ReceivedCount
    {
        get
        {
            lock (_received) return _received.Count;
        }
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>Event ids in the order of arrival, and its connections.</returns>
    public async Task<(List<string> Ids, int Connections)> EndAsync()
    {
        // As long as events come: a slow machine takes its time.
        for (var before = -1; !_reading.IsCompleted && before != ReceivedCount;)
        {
            before = ReceivedCount;
            await Task.WhenAny(_reading, Task.Delay(WaitFor.Limit));
        }
        if (!_reading.IsCompleted) _process.Kill();
        await _reading;
        await _process.WaitForExitAsync();
        var errors = await _errors;
        Assert.True(_process.ExitCode == 0, $"{ReceivedCount} events, exit {_process.ExitCode}: {errors}");
        return (_received, int.Parse(errors.TrimEnd().Split('\n')[^1].Split(' ')[^2], System.Globalization.CultureInfo.InvariantCulture));
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            var id = JsonDocument.Parse(line).RootElement.GetProperty("eventId").GetString()!;
            lock (_received) _received.Add(id);
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }
}
