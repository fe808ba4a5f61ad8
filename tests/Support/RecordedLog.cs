using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace SensorDash.Tests.Support;

/// <summary>The log entries, in order.</summary>
public sealed class RecordedLog<T> : ILogger<T>
{
    private readonly ConcurrentQueue<(LogLevel Level, Exception? Error)> _lines = [];

    public IReadOnlyList<(LogLevel Level, Exception? Error)> Lines => [.. _lines];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull
        => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        => _lines.Enqueue((logLevel, exception));
}
