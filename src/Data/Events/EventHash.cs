using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;

namespace SensorDash.Data.Events;

/// <summary>The hash of an event with all its columns, the same on every engine. The sum over rows (modulo 2⁶⁴) does not depend on their order.</summary>
internal sealed class EventHash
{
    private readonly XxHash3 _hash = new();

    public long Of(LaneEvent laneEvent, long canonicalTime)
    {
        _hash.Reset(); // Also after an event whose hash was not finished.
        Span<byte> id = stackalloc byte[EventId.Length];
        laneEvent.Id.CopyTo(id);
        _hash.Append(id);
        Add((long)laneEvent.Lane);
        Add(canonicalTime);
        Add(laneEvent.SourceTime);
        Add(laneEvent.ScopeId);
        Add(laneEvent.SourceText);
        foreach (var column in LaneTable.Of(laneEvent.Lane).Own)
        {
            switch (column)
            {
                case TextColumn text:
                    Add(text.Get(laneEvent));
                    break;
                case WholeColumn whole:
                    Add(whole.Get(laneEvent));
                    break;
                case TimeColumn time:
                    Add(time.Get(laneEvent) ?? long.MinValue);
                    break;
            }
        }
        Add(laneEvent.Content.LongLength);
        _hash.Append(laneEvent.Content);
        return (long)_hash.GetCurrentHashAsUInt64();
    }

    private void Add(long value) => _hash.Append(MemoryMarshal.AsBytes(new ReadOnlySpan<long>(in value)));

    // With its length, so that texts that end elsewhere differ.
    private void Add(string? text)
    {
        if (text is null)
        {
            Add(-1);
            return;
        }
        Span<byte> utf8 = stackalloc byte[1024]; // Every text of an event is at most 256 bytes long.
        var length = Encoding.UTF8.GetBytes(text, utf8);
        Add(length);
        _hash.Append(utf8[..length]);
    }
}
