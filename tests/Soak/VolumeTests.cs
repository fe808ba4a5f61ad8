using System.Net;
using SensorDash.Tests.Support;

namespace SensorDash.Soak.Tests;

/// <summary>Many readings, one by one and in bulk.</summary>
public sealed class VolumeTests
{
    [Fact]
    public async Task Ingest_BurstOfSinglesAndManyBatches_StoresAllAndCountersEqualARecount()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "volume.db");
        await using var server = await SensorDashProcess.StartAsync(path);
        var singles = Enumerable.Range(1, 100).Select(node => new Sender(node)).ToArray();
        var burst = await Task.WhenAll(singles.Select(sender => sender.PostAsync(server.Client, 1)));
        Assert.All(burst, status => Assert.Equal(HttpStatusCode.OK, status));

        var bulk = Enumerable.Range(101, 4).Select(node => new Sender(node)).ToArray();
        var batches = SoakSize.Choose(quick: 10, full: 50);
        await Task.WhenAll(bulk.Select(async sender =>
        {
            for (var i = 0; i < batches; i++) Assert.Equal(HttpStatusCode.OK, await sender.PostAsync(server.Client, 5_000));
        }));

        Assert.Equal(bulk.Length * batches * 5_000, bulk.Sum(sender => sender.Acknowledged.Count));
        await StoredFile.AssertHoldsAsync(path, [.. singles, .. bulk]);
    }
}
