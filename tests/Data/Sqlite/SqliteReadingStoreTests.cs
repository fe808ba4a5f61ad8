using System.Reflection;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Tests.Readings;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Data.Tests.Sqlite;

public sealed class SqliteReadingStoreTests : ReadingStoreContract
{
    private SqliteStoreFixture Sqlite => (SqliteStoreFixture)Fixture;

    protected override async Task<StoreFixture> CreateFixtureAsync() => await SqliteStoreFixture.CreateAsync();

    [Theory]
    [InlineData("OneNodeNewestFirst", "PRIMARY KEY")]
    [InlineData("OneNodeOldestFirst", "PRIMARY KEY")]
    [InlineData("EveryNodeNewestFirst", "ix_sensor_readings_timestamp")]
    [InlineData("EveryNodeOldestFirst", "ix_sensor_readings_timestamp")]
    public async Task PageQuery_Plan_ComesOutOfItsIndexUnsorted(string constant, string index)
    {
        var sql = (string)typeof(SqliteReadingStore).GetField(constant, BindingFlags.NonPublic | BindingFlags.Static)!.GetRawConstantValue()!;

        var plan = await PlanOfAsync(sql);

        Assert.Contains(index, plan, StringComparison.Ordinal);
        Assert.DoesNotContain("TEMP B-TREE", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("SCAN r", plan, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Append_OneNodesRange_LiesInAWithoutRowidTable()
        => Assert.Equal(1, await Fixture.ScalarAsync("SELECT count(*) FROM sqlite_master WHERE name = 'sensor_readings' AND sql LIKE '%WITHOUT ROWID%'"));

    [Fact]
    public async Task Read_OtherConnectionKilledMidTransaction_SeesOnlyCommitted()
    {
        await Store.AddAsync(Reading(1));
        await using (var other = await Sqlite.OpenAsync())
        {
            await using var command = other.CreateCommand();
            command.CommandText = $"BEGIN IMMEDIATE; INSERT INTO sensor_readings VALUES (2, {Noon}, 1, 1, 0, {Noon}, 9)";
            await command.ExecuteNonQueryAsync();
        }

        Assert.Equal([Reading(1)], await Store.AllAsync());
    }

    private async Task<string> PlanOfAsync(string sql)
    {
        await using var connection = await Sqlite.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "EXPLAIN QUERY PLAN " + sql;
        foreach (var name in new[] { "$node", "$start", "$end", "$at", "$limit", "$offset" })
            if (sql.Contains(name, StringComparison.Ordinal)) command.Parameters.AddWithValue(name, 1);
        await using var reader = await command.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await reader.ReadAsync()) lines.Add(reader.GetString(3));
        return string.Join('\n', lines);
    }
}
