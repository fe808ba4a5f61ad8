using Microsoft.Extensions.Options;
using Npgsql;
using SensorDash.Data.Events;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;
using static SensorDash.Data.Tests.Events.SomeEvents;

namespace SensorDash.Data.Tests.Timescale;

/// <summary>Writers that commit late, roll back, are cut off, frozen or idle: no stream misses an event, and others go on.</summary>
public sealed partial class TimescaleEventStreamTests
{
    [SkippableFact]
    public async Task Live_TwoHubsThatBothWrite_EachReceivesAllOnce()
    {
        var (first, second) = (OpenHub(), OpenHub());
        await using var left = first.Live();
        await using var right = second.Live();
        await left.CaughtUpAsync();
        await right.CaughtUpAsync();
        var events = Many(2_000, 7);

        await Task.WhenAll(
            Task.Run(() => WriteAsync(first.Store, [.. events.Where((_, i) => i % 2 == 0)], 1)), Task.Run(() => WriteAsync(second.Store, [.. events.Where((_, i) => i % 2 == 1)], 2)));

        await AssertReceivesAllAsync(left);
        await AssertReceivesAllAsync(right);
    }

    [SkippableFact]
    public async Task Live_WriterThatCommitsLateOrRollsBack_DelaysOthersAndNothingIsMissed()
    {
        var hub = OpenHub();
        await using var stream = hub.Live();
        await stream.CaughtUpAsync();
        foreach (var end in (string[])["COMMIT", "ROLLBACK"])
        {
            await using var slow = await Timescale.OpenAsync();
            await ExecuteAsync(slow, $"BEGIN; {TimescaleEventWriter.AcquireWriterLock}; "
                + $"INSERT INTO event_batches SELECT coalesce(max(id), 0) + 1, now(), 0, coalesce(max(last_canonical_time), now()) + interval '1 hour', "
                + $"coalesce(max(last_canonical_time), now()) + interval '1 hour', 0 FROM event_batches");
            var writing = Task.Run(() => WriteAsync(hub.Store, Many(200, end.Length), 1));
            await Task.Delay(100);
            await ExecuteAsync(slow, end);
            await writing;
        }
        await AssertReceivesAllAsync(stream);
    }

    [SkippableFact]
    public async Task Live_ConnectionsOfTheHubsAreCut_BothReceiveAllOnce()
    {
        var (first, second) = (OpenHub(), OpenHub());
        await using var left = first.Live();
        await using var right = second.Live();
        await left.CaughtUpAsync();
        await right.CaughtUpAsync();
        var events = Many(3_000, 8);
        var writing = Task.WhenAll(
            Task.Run(() => WriteAsync(first.Store, [.. events.Where((_, i) => i % 2 == 0)], 1)), Task.Run(() => WriteAsync(second.Store, [.. events.Where((_, i) => i % 2 == 1)], 2)));

        for (var i = 0; i < 5 || !writing.IsCompleted; i++)
        {
            // Also the connections that listen, and those that commit at this moment.
            await Timescale.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'SensorDash' AND pid <> pg_backend_pid()");
            await Task.Delay(150);
        }
        await writing;
        Timescale.Database.DataSource.Clear(); // Its idle connections may be cut, and each of them fails once.

        await AssertReceivesAllAsync(left);
        await AssertReceivesAllAsync(right);
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Writer_FrozenWithTheWriterLock_IsEndedByAPeerAndOthersGoOn(bool isInsideCopy)
    {
        var settings = TimescaleStoreFixture.OptionsOf(PostgresServer.Require(), Timescale.Name);
        settings.Pool.WriterTimeout = 1;
        await using var database = new TimescaleDatabase(Options.Create(settings));
        await using var peer = new TimescaleEventStore(database, new(), Fixture.Clock);
        var hub = OpenHub();
        await using var stream = hub.Live();
        await stream.CaughtUpAsync();
        // A client that sends nothing more, as one that was stopped. Its session has no limits of its own, as inside of a COPY no session has.
        await using var frozen = await Timescale.OpenAsync();
        await ExecuteAsync(frozen, $"SET idle_in_transaction_session_timeout = 0; BEGIN; {TimescaleEventWriter.AcquireWriterLock}");
        if (isInsideCopy) _ = await frozen.BeginBinaryImportAsync(TimescaleLane.CopyInto(Lane.Raw));

        await WriteAsync(peer, [Raw(), Parsed()], 1);

        await AssertReceivesAllAsync(stream);
        Assert.Equal(2, stream.Received.Count);
        await Assert.ThrowsAnyAsync<Exception>(() => ExecuteAsync(frozen, "COMMIT"));
    }

    [SkippableFact]
    public async Task Live_AnotherProgramIdlesInItsTransaction_StreamsGoOn()
    {
        var hub = OpenHub();
        await using var stream = hub.Live();
        await stream.CaughtUpAsync();
        await using (await Timescale.HoldAsync("CREATE TABLE other_program (id int)", "SELECT count(*) FROM event_batches"))
        {
            await WriteAsync(hub.Store, Many(100, 1), 1);
            await AssertReceivesAllAsync(stream);
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
