using System.Text;
using FsCheck;
using FsCheck.Fluent;
using SensorDash.Data.Events;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Events;

public sealed class EventOrderTests
{
    private static Gen<EventPosition> Positions =>
        from time in Gen.Choose(0, 2)
        from lane in Gen.Elements(Lanes.All.ToArray())
        from connection in Gen.Elements("a", "b", "B", "aa", "é", "\uffff", "😀", "")
        from sequence in Gen.Choose(0, 2)
        from id in Gen.Choose(0, 3)
        select lane == Lane.Raw ? new EventPosition(time, lane, connection, sequence, Id(id)) : new EventPosition(time, lane, null, 0, Id(id));

    [Fact]
    public void Lanes_InTheirOrder_AreThePriorityOfTheContract()
        => Assert.Equal(["metadata", "command", "ui", "parsed", "raw"], Lanes.All.Order().Select(l => l.Name()));

    [Fact]
    public void Compare_RandomPositions_AsAKeyOfBytesWould()
        => PropertyCheck.ForAll(from left in Positions from right in Positions select (left, right),
            pair => Math.Sign(pair.left.CompareTo(pair.right)) == Math.Sign(KeyOf(pair.left).AsSpan().SequenceCompareTo(KeyOf(pair.right))), times: 3000);

    [Fact]
    public void Cursor_RandomPositions_ReadBack()
        => PropertyCheck.ForAll(from position in Positions from timebase in Gen.Elements(Timebase.Canonical, Timebase.Source) select (position, timebase), given =>
        {
            var text = EventCursor.Format(given.position, given.timebase);
            return EventCursor.TryParse(text, given.timebase, out var read) is null && read == given.position && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
                && EventCursor.TryParse(text, 1 - given.timebase, out _) == "belongs to a query with the other timebase";
        }, times: 500);

    [Fact]
    public void Cursor_CutOrChangedAnywhere_IsRefusedOrAnotherPlace()
        => PropertyCheck.ForAll(
            from position in Positions
            from at in Gen.Choose(0, 1000)
            from letter in Gen.Elements("A", "z", "0", "_", "=", "+", "é", " ", "")
            select (Text: EventCursor.Format(position, Timebase.Source), at, letter),
            given =>
            {
                var at = given.at % given.Text.Length;
                EventCursor.TryParse(given.Text[..at] + given.letter + given.Text[(at + 1)..], Timebase.Source, out _);
                return EventCursor.TryParse(given.Text[..at], Timebase.Source, out _)?.StartsWith("is not a valid cursor", StringComparison.Ordinal) == true;
            },
            times: 2000);

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("MTc2NzIyNTYwMC4xMg")]
    [InlineData("!!!!")]
    public void Cursor_Garbage_IsRefused(string text) => Assert.StartsWith("is not a valid cursor", EventCursor.TryParse(text, Timebase.Canonical, out _), StringComparison.Ordinal);

    private static EventId Id(int seed)
    {
        Span<byte> bytes = stackalloc byte[EventId.Length];
        bytes[seed * 8] = 0x80; // High bits at every word, so that a signed comparison would be found out.
        return new EventId(bytes);
    }

    // Written down independently: big-endian numbers, text ended by a byte below every other.
    private static byte[] KeyOf(EventPosition position)
    {
        var key = new List<byte> { (byte)position.Time, (byte)position.Lane };
        if (position.Lane == Lane.Raw)
        {
            key.AddRange(Encoding.UTF8.GetBytes(position.ConnectionId!));
            key.Add(0);
            key.Add((byte)position.Sequence);
        }
        key.AddRange(Convert.FromHexString(position.Id.ToString()));
        return [.. key];
    }
}
