using System.Globalization;
using SensorDash.Data.Events;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;
using SensorDash.Data.Tests.Events;
using SensorDash.Data.Transfer;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Transfer;

/// <summary>Sides of a transfer that fail in the middle of it: a clear error, and the next attempt ends exact.</summary>
public sealed class TransferFailureTests
{
    [Fact]
    public async Task Run_DiskOfTheTargetFull_SaysSoAndGoesOnWhenThereIsRoom()
    {
        await using var source = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await using var target = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await FillAsync(source, 3_000);
        var database = ((SqliteStoreFixture)target.Fixture).Database;
        var pages = await target.Fixture.ScalarAsync("PRAGMA page_count");
        await LimitAsync(pages + 20); // The error of a full disk, from SQLite itself.

        var full = await Assert.ThrowsAsync<StoreUnavailableException>(() => RunAsync(source.Side, target));
        var copied = await target.Fixture.ScalarAsync("SELECT count(*) FROM sensor_readings");
        await LimitAsync(1_000_000);
        var report = await Transfers.RunAsync(source.Side, target.Side, source.Fixture.Clock, new() { BatchSize = 100 });

        Assert.Contains("full", full.Message, StringComparison.OrdinalIgnoreCase);
        Assert.InRange(copied, 1, 2_999);
        await AssertExactAsync(report, target);

        Task<int> LimitAsync(long limit) => database.Writer.TransactAsync(
            writer =>
            {
                writer.Rows(string.Create(CultureInfo.InvariantCulture, $"PRAGMA max_page_count = {limit}"));
                return 0;
            },
            default);
    }

    [SkippableTheory]
    [MemberData(nameof(TransferTests.Engines), MemberType = typeof(TransferTests))]
    public async Task Run_SourceThatFailsInTheMiddle_GoesOnAtTheNextAttempt(TransferEngine from)
    {
        await using var source = await TransferStore.CreateAsync(from);
        await using var target = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await FillAsync(source, 1_000);
        var failing = new FailingSource(source.Side);
        var failures = 0;
        TransferReport? report = null;
        while (report is null)
        {
            failing.ReadsLeft = 3;
            try
            {
                report = await Transfers.RunAsync(failing, target.Side, source.Fixture.Clock, new() { BatchSize = 100 });
            }
            catch (StoreUnavailableException e)
            {
                Assert.Contains("fails in the middle", e.Message, StringComparison.Ordinal);
                if (++failures > 4) failing.ReadsLeft = int.MaxValue;
                if (failures > 4) report = await Transfers.RunAsync(failing, target.Side, source.Fixture.Clock, new() { BatchSize = 100 });
            }
        }

        await AssertExactAsync(report, target);
    }

    [SkippableFact]
    public async Task Run_ServerOfTheTargetThatEndsItsConnections_GoesOnAtTheNextAttempt()
    {
        await using var source = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await using var target = await TransferStore.CreateAsync(TransferEngine.Timescale);
        await FillAsync(source, 1_000);
        var ended = 0;
        TransferReport? report = null;
        while (report is null)
        {
            var chunks = 0;
            var run = new TransferRunner(source.Side, target.Side, new() { BatchSize = 100 }, source.Fixture.Clock, _ =>
            {
                // As a server that restarts: each connection of the transfer is gone.
                if (++chunks == 3 && ended++ < 3) EndConnections();
            });
            try
            {
                var record = await run.RunAsync(new(null, isStrict: false), default);
                report = await Transfers.VerifyAsync(source.Side, target.Side, record, source.Fixture.Clock);
            }
            catch (StoreUnavailableException)
            {
                Assert.InRange(ended, 1, 3);
            }
        }

        Assert.True(ended > 0);
        await AssertExactAsync(report, target);

        void EndConnections() => target.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()").GetAwaiter().GetResult();
    }

    private static Task<TransferRecord> RunAsync(ITransferSource source, TransferStore target)
        => new TransferRunner(source, target.Side, new() { BatchSize = 100 }, target.Fixture.Clock).RunAsync(new(null, isStrict: false), default);

    private static async Task FillAsync(TransferStore store, int readings)
    {
        await store.Fixture.Store.AddAsync([.. Some.Run(node: 1, count: readings / 2), .. Some.Run(node: 2, count: readings / 2)]);
        if (store.Parts.Events is not { } events) return;
        var many = SomeEvents.Many(50, seed: 3);
        await events.AppendAsync(many, new RowOutcome[many.Length], default);
    }

    private static async Task AssertExactAsync(TransferReport report, TransferStore target)
    {
        Assert.True(report.IsEqual, report.ToText());
        foreach (var (part, table) in ((TransferPart, string)[])[(TransferPart.Readings, "sensor_readings"), (TransferPart.Events, "event_index")])
        {
            var rows = await target.Fixture.ScalarAsync($"SELECT count(*) FROM {table}");
            Assert.Equal(rows, await target.Fixture.ScalarAsync($"SELECT coalesce(sum(row_count), 0) FROM transfer_chunks WHERE part = {(int)part}"));
        }
        Assert.Equal(1, await target.Fixture.ScalarAsync("SELECT count(*) FROM transfers"));
    }

    private sealed class FailingSource(ITransferSource source) : ITransferSource
    {
        public int ReadsLeft { get; set; }

        public string Kind => source.Kind;

        public string Name => source.Name;

        public Task<TransferContents> InspectAsync(CancellationToken cancellationToken) => source.InspectAsync(cancellationToken);

        public Task PrepareAsync(RejectLog rejects, CancellationToken cancellationToken) => source.PrepareAsync(rejects, cancellationToken);

        public Task<TransferPage<Reading>> ReadReadingsAsync(TransferRange range, int limit, CancellationToken cancellationToken)
        {
            Fail();
            return source.ReadReadingsAsync(range, limit, cancellationToken);
        }

        public Task<TransferPage<LaneEvent>> ReadEventsAsync(TransferRange range, int limit, CancellationToken cancellationToken)
        {
            Fail();
            return source.ReadEventsAsync(range, limit, cancellationToken);
        }

        public Task<SmallTables> ReadSmallTablesAsync(CancellationToken cancellationToken) => source.ReadSmallTablesAsync(cancellationToken);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private void Fail()
        {
            if (--ReadsLeft < 0) throw new StoreUnavailableException("The source fails in the middle.");
        }
    }
}
