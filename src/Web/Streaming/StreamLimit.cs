using Microsoft.Extensions.Options;
using SensorDash.Data.Events;

namespace SensorDash.Web.Streaming;

/// <summary>Admits streams up to the setting, because each holds a connection and memory.</summary>
internal sealed class StreamLimit(IOptions<EventOptions> options)
{
    private int _streams;

    /// <summary>Streams and sockets at the moment.</summary>
    public int Count => Volatile.Read(ref _streams);

    /// <summary>What a client gets when there are too many.</summary>
    public string Error => $"the hub has its maximum of {options.Value.MaxStreams} streams (Events:MaxStreams); retry";

    /// <returns>Dispose it at the end of the stream; null when there are too many.</returns>
    public IDisposable? TryEnter()
    {
        if (Interlocked.Increment(ref _streams) <= options.Value.MaxStreams) return new Admission(this);
        Interlocked.Decrement(ref _streams);
        return null;
    }

    private sealed class Admission(StreamLimit limit) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0) Interlocked.Decrement(ref limit._streams);
        }
    }
}
