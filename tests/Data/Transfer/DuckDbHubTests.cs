using SensorDash.Data.DuckDb.Store;
using SensorDash.Data.Readings;
using SensorDash.Data.Transfer;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Transfer;

/// <summary>The DuckDB form of the file of the former sensor hub.</summary>
public sealed class DuckDbHubTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ManualTime _clock = new();

    public void Dispose() => _folder.Dispose();

    [SkippableTheory]
    [MemberData(nameof(TransferTests.Engines), MemberType = typeof(TransferTests))]
    public async Task Run_FileOfTheFormerHub_ArrivesWithoutTheRowsThatNoStoreCanHold(TransferEngine to)
    {
        await using var target = await TransferStore.CreateAsync(to);
        var path = Create($"""
            CREATE TABLE sensor_readings (extra VARCHAR, humidity_centipercent SMALLINT, temperature_centidegrees SMALLINT, "timestamp" BIGINT, node_address INTEGER, received_at BIGINT);
            INSERT INTO sensor_readings SELECT 'x', i % 10000, i % 3000, {Some.Noon} - 60 * (i // 5), 1 + i % 5, {Some.Noon} FROM range(400) r(i);
            INSERT INTO sensor_readings VALUES ('', 1, 1, {Some.Noon}, 1, NULL), ('', NULL, NULL, {Some.Noon}, 7, 1), ('', 1, 1, 5, 1, 1);
            CREATE TABLE nodes (address INTEGER, node_type VARCHAR, first_seen_at BIGINT, last_seen_at BIGINT, total_readings BIGINT);
            INSERT INTO nodes VALUES (9, 'GATEWAY', {Some.Noon}, {Some.Noon}, 3);
            CREATE TABLE other (a INTEGER)
            """);

        await using var source = DuckDbTransfer.OpenSource(path, null, null, _clock);
        var report = await Transfers.RunAsync(source, target.Side, _clock, new() { BatchSize = 3 });

        Assert.True(report.IsEqual, report.ToText());
        Assert.Equal((400, 3), (report.Parts.Single().SourceRows, report.Rejects));
        Assert.Contains(report.Notes, note => note.EndsWith(": other", StringComparison.Ordinal));
        Assert.Equal("GATEWAY", (await target.Fixture.NodeStore.FindAsync([9], default))[0].NodeType);
        Assert.Equal(80, (await target.Fixture.Store.AllAsync(filter: new(3, TimeRange.All))).Count);
    }

    [Theory]
    [InlineData("CREATE TABLE sensor_readings (node_address INTEGER, \"timestamp\" BIGINT)", "temperature_centidegrees, humidity_centipercent")]
    [InlineData("CREATE TABLE sensor_readings (node_address INTEGER, \"timestamp\" TIMESTAMP, temperature_centidegrees SMALLINT, humidity_centipercent SMALLINT)", "column timestamp")]
    public void Open_TableOfAnotherShape_SaysWhy(string sql, string reason)
    {
        var error = Assert.Throws<TransferException>(() => DuckDbTransfer.OpenSource(Create(sql), null, null, _clock));

        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    private string Create(string sql)
    {
        var path = _folder.File("hub.duckdb");
        using var client = new DuckDbClient(path);
        client.Execute(sql);
        return path;
    }
}
