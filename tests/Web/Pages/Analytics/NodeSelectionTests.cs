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
        var selection = NodeSelection.Of(QueryCollection.Empty, [NodeOf(1), NodeOf(2)], [], null) with { Intervals = [interval, interval] };
        var range = new ViewRange(1_700_000_123, 1_700_000_123 + length, null, null);

        var (start, end, count) = selection.Buckets(range);

        Assert.Equal(seconds, Downsampling.BucketSeconds(start, end, count));
        Assert.Equal(0, start % seconds);
        Assert.True(start <= range.From && end >= range.To - 1);
        Assert.InRange(count, 1, FleetSeries.MaxPoints);
    }

    [Fact]
    public void Of_PickedNodes_AreInTheOrderPeopleCount()
    {
        var query = new QueryCollection(new Dictionary<string, StringValues> { ["node"] = new(["10", "8"]) });

        var selection = NodeSelection.Of(query, [NodeOf(8), NodeOf(9), NodeOf(10)], [], null);

        Assert.Equal([8, 10], selection.Addresses!);
        Assert.True(selection.IsExplicit);
        Assert.Null(selection.Error);
    }

    [Fact]
    public void Of_VeryManyNodes_OffersSomeWithTheSelectedOnes()
    {
        var query = new QueryCollection(new Dictionary<string, StringValues> { ["node"] = "999" });

        var selection = NodeSelection.Of(query, [.. Enumerable.Range(1, 1000).Select(NodeOf)], [], null);

        Assert.Equal([.. Enumerable.Range(1, NodeOptions.MaxShown), 999], selection.Options.Shown.Select(n => n.Node.Address));
        Assert.Equal("61 of 1,000 nodes; search to see others.", selection.Options.Summary);
        Assert.Null(NodeSelection.Of(QueryCollection.Empty, [NodeOf(1)], [], null).Addresses); // No list of addresses for all nodes.
    }

    private static NodeEntry NodeOf(int address) => new(new Node { Address = address });
}
