using SensorDash.Data.Events;
using SensorDash.Data.Storage;
using SensorDash.Data.Streaming;

namespace SensorDash.Web.Streaming;

/// <summary>The stream that a startStream asks for: a live one or a replay.</summary>
internal sealed record SocketStreamRequest(LiveQuery? Live, ReplayQuery? Replay)
{
    /// <exception cref="SocketMessageException">The members are invalid or cannot be combined.</exception>
    public static SocketStreamRequest Read(SocketMessage message)
    {
        var (start, stop, rate, timebase) = (message.Time("startTime"), message.Time("stopTime"), message.Rate(EventReplay.MaxRate) ?? 1, message.Timebase());
        var (filter, skipsGaps, after, cursor) = (message.Filters(), message.Switch("skipGaps"), message.Text("after"), message.Text("cursor"));
        EventPosition? position = null;
        long? committedUpTo = null;
        if (cursor is not null)
        {
            if (EventCursor.TryParse(cursor, timebase, out var read, out committedUpTo) is { } error) throw new SocketMessageException($"cursor {error}");
            position = read;
            start ??= read.Time;
        }
        if (start is null)
        {
            if (stop is not null) throw new SocketMessageException("startTime is required with stopTime");
            if (rate < 0) throw new SocketMessageException("startTime is required to go backward");
            return new(new LiveQuery(filter) { After = ReadToken(after) }, null);
        }
        if (after is not null) throw new SocketMessageException("after goes on with a live stream and cannot be combined with startTime or cursor");
        if (stop <= start) throw new SocketMessageException("stopTime must be after startTime");
        return new(null, new ReplayQuery(filter, timebase, start.Value, stop, rate) { SkipsGaps = skipsGaps, After = position, CommittedUpTo = committedUpTo });
    }

    private static StreamToken? ReadToken(string? text)
    {
        if (text is null) return null;
        return StreamToken.TryParse(text, out var token) ? token : throw new SocketMessageException($"after {StreamToken.Rule}, not '{OutsideText.Shown(text)}'");
    }
}
