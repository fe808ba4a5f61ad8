using Npgsql;
using SensorDash.Data.Nodes;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Data.Tests.Timescale;

/// <summary>Edits of what another process deletes at the same moment: not found, never an error.</summary>
public sealed class TimescaleEditTests : IAsyncLifetime
{
    private TimescaleStoreFixture _fixture = null!;
    private Zone _zone = null!;

    public async Task InitializeAsync()
    {
        _fixture = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);
        await _fixture.Store.AddAsync(Reading());
        await _fixture.Zones.AddAsync(_zone = new Zone { Name = "Cellar" }, CancellationToken.None);
        await _fixture.Nodes.EditMetadataAsync(12, new NodeMetadataPatch(), CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        if (_fixture is not null) await _fixture.DisposeAsync();
    }

    [SkippableFact]
    public async Task EditNode_WhileItsZoneIsDeleted_FindsNoZone()
    {
        var patch = new NodeMetadataPatch();
        patch.SetZone(_zone.Id);

        var (outcome, _) = await WhileAsync("DELETE FROM zones", () => _fixture.Nodes.EditMetadataAsync(12, patch, CancellationToken.None));

        Assert.Equal(MetadataWrite.ZoneNotFound, outcome);
    }

    [SkippableFact]
    public async Task EditNode_WhileItIsDeleted_FindsNoNode()
    {
        var patch = new NodeMetadataPatch();
        patch.SetName("Wine");

        var (outcome, _) = await WhileAsync("DELETE FROM nodes; DELETE FROM node_metadata; DELETE FROM sensor_readings", () => _fixture.Nodes.EditMetadataAsync(12, patch, CancellationToken.None));

        Assert.Equal(MetadataWrite.NodeNotFound, outcome);
        Assert.Equal(0, await _fixture.ScalarAsync("SELECT count(*) FROM node_metadata"));
    }

    [SkippableFact]
    public async Task EditZone_WhileItIsDeleted_FindsNoZone()
    {
        var patch = new ZonePatch();
        patch.SetName("Attic");

        Assert.Null(await WhileAsync("DELETE FROM zones", () => _fixture.Zones.EditAsync(_zone.Id, patch, CancellationToken.None)));
    }

    // The edit begins after the deletion and before its commit.
    private async Task<T> WhileAsync<T>(string deletion, Func<Task<T>> edit)
    {
        await using var connection = await _fixture.OpenAsync();
        await using (var begin = new NpgsqlCommand("BEGIN; " + deletion, connection)) await begin.ExecuteNonQueryAsync();
        var editing = WaitFor.RetryWhileUnavailableAsync("the edit", edit); // It waits for the row no longer than the lock timeout.
        await WaitFor.TrueAsync("the edit waits for the deletion", async () => editing.IsCompleted
            || await _fixture.ScalarAsync("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") > 0);
        await using (var commit = new NpgsqlCommand("COMMIT", connection)) await commit.ExecuteNonQueryAsync();
        return await editing;
    }
}
