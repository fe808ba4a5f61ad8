using FsCheck.Fluent;
using SensorDash.Data.Readings;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Readings;

public sealed class KeyOrderTests
{
    [Fact]
    public void Of_AnyBatches_IsTheStableOrderOfTheirKeys()
    {
        var order = new KeyOrder();
        var reading = from node in Gen.Elements(1, 2, 70_000, int.MaxValue)
                      from time in Gen.Elements(Reading.MinTimestamp, Reading.MinTimestamp + 1, Some.Noon, Some.Noon + (200L * 365 * 86_400))
                      select Some.Reading(node, time);

        PropertyCheck.ForAll(Gen.ListOf(reading), readings =>
        {
            var batch = readings.ToArray();
            var expected = Enumerable.Range(0, batch.Length).OrderBy(i => batch[i].NodeAddress).ThenBy(i => batch[i].Timestamp);
            return order.Of(batch).ToArray().SequenceEqual(expected);
        }, times: 500);
    }
}
