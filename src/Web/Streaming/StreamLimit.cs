using Microsoft.Extensions.Options;
using SensorDash.Data.Events;

namespace SensorDash.Web.Streaming;

/// <summary>Admits streams up to the setting, because each holds a connection and memory.</summary>
internal sealed class StreamLimit(IOptions<EventOptions> options)
{
    // Sockets whose clients have not said who they are: they must not keep out those who have.
    private const int MaxUnknown = 50;

    private readonly int _max = options.Value.MaxStreams;
    private int _streams, _unknown;

    /// <summary>Streams and sockets at the moment.</summary>
    public int Count => Volatile.Read(ref _streams);

    /// <summary>What a client gets when there are too many.</summary>
    public string Error => $"the hub has its maximum of {_max} streams (Events:MaxStreams); retry";

    /// <returns>Dispose it at the end of the stream; null when there are too many.</returns>
    public IDisposable? TryEnter() => TryEnter(isKnown: true);

    /// <summary>Admits a socket.</summary>
    /// <param name="isKnown">Whether its client has said who it is.</param>
    /// <returns>Dispose it at the end of the socket; null when there are too many.</returns>
    public StreamAdmission? TryEnter(bool isKnown)
        => (isKnown ? TryAdd(ref _streams, _max) : TryAdd(ref _unknown, MaxUnknown)) ? new StreamAdmission(this, isKnown) : null;

    private static bool TryAdd(ref int count, int max)
    {
        if (Interlocked.Increment(ref count) <= max) return true;
        Interlocked.Decrement(ref count);
        return false;
    }

    /// <summary>The place of one stream.</summary>
    public sealed class StreamAdmission(StreamLimit limit, bool isKnown) : IDisposable
    {
        private bool _isKnown = isKnown;
        private int _left;

        /// <summary>The client has said who it is.</summary>
        /// <returns>False when there are too many streams.</returns>
        public bool TryBecomeKnown()
        {
            if (_isKnown) return true;
            if (!TryAdd(ref limit._streams, limit._max)) return false;
            _isKnown = true;
            Interlocked.Decrement(ref limit._unknown);
            return true;
        }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0) Interlocked.Decrement(ref _isKnown ? ref limit._streams : ref limit._unknown);
        }
    }
}
