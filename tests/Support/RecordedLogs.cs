using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace SensorDash.Tests.Support;

/// <summary>The log entries of a whole program, in order, except what Kestrel says of a busy machine.</summary>
public sealed class RecordedLogs : ILoggerProvider
{
    // Kestrel's warning that its own timer was late: the machine is busy, and no fault of the program follows from it.
    private const string BusyMachine = "HeartbeatSlow";

    private readonly ConcurrentQueue<(LogLevel Level, string Text)> _entries = [];

    public IReadOnlyList<(LogLevel Level, string Text)> Entries => [.. _entries];

    public ILogger CreateLogger(string categoryName) => new Logger(categoryName, _entries);

    public void Dispose()
    {
        // The entries outlive the program.
    }

    private sealed class Logger(string category, ConcurrentQueue<(LogLevel Level, string Text)> entries) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
            => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Name == BusyMachine) return;
            entries.Enqueue((logLevel, $"{category}: {formatter(state, exception)} {exception}"));
        }
    }
}
