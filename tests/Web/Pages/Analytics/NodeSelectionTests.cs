using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using SensorDash.Data.Analytics;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Web.Pages.Analytics;
using SensorDash.Web.Pages.Display;

namespace SensorDash.Web.Tests.Pages.Analytics;

public sealed class NodeSelectionTests
{
    [Theory]
    [InlineData(300, 60, 120)]
    [InlineData(86_400, 60, 600)]
    [InlineData(7 * 86_400, 60, 3600)]
    [InlineData(30 * 86_400, 30, 14_400)]
    [InlineData(3650L * 86_400, 60, 19 * 86_400)]
    [InlineData(86_400, 50_000, 2 * 86_400)]
    public void Buckets_AnyRange_AreRoundWholeAndCoverIt(long length, int interval, long seconds)
    {
        var selection = NodeSelection.Read(QueryCollection.Empty, [NodeOf(1, interval), NodeOf(2, interval)], []);
        var range = new ViewRange(1_700_000_123, 1_700_000_123 + length, null, null);

        var (start, end, count) = selection.Buckets(range);

        Assert.Equal(seconds, Downsampling.BucketSeconds(start, end, count));
        Assert.Equal(0, start % seconds);
        Assert.True(start <= range.From && end >= range.To - 1);
        Assert.InRange(count, 1, FleetSeries.MaxPoints);
    }

    [Fact]
    public void Read_PickedNodes_AreInTheOrderPeopleCount()
    {
        var query = new QueryCollection(new Dictionary<string, StringValues> { ["node"] = new(["10", "8"]) });

        var selection = NodeSelection.Read(query, [NodeOf(10, 60), NodeOf(8, 60), NodeOf(9, 60)], []);

        Assert.Equal([8, 10], selection.Addresses);
        Assert.True(selection.IsExplicit);
        Assert.Null(selection.Error);
    }

    private static NodeView NodeOf(int address, int interval)
        => new(new Node { Address = address }, new Liveness(NodeStatus.Live, "", 0, interval), null, null, null);
}
