using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using SensorDash.Data.Timescale;
using SensorDash.Data.Transfer;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Transfer;

/// <summary>Compression of TimescaleDB waits until the chunks of a transfer are compared; without it nothing waits.</summary>
public sealed class TransferCompressionTests
{
    [SkippableFact]
    public async Task Run_TargetWithCompression_PausesItUntilItIsVerifiedOrStarted()
    {
        await using var source = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await using var target = await TransferStore.CreateAsync(TransferEngine.Timescale);
        var fixture = (TimescaleStoreFixture)target.Fixture;
        fixture.Options.Hypertable.CompressionAfter = TimeSpan.FromDays(7);
        await StartAsync();
        var jobs = await JobsAsync(isScheduled: true);
        await source.Fixture.Store.AddAsync(Some.Run(node: 1, count: 50));

        using (var stop = new CancellationTokenSource())
        {
            var run = new TransferRunner(source.Side, target.Side, new() { BatchSize = 5 }, source.Fixture.Clock, step =>
            {
                if (step.Rows > 0) stop.Cancel();
            });
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.RunAsync(new(null, isStrict: false), stop.Token));
        }
        Assert.Equal((0, jobs), (await JobsAsync(isScheduled: true), await JobsAsync(isScheduled: false)));
        await StartAsync(); // The transfer was given up.
        Assert.Equal(jobs, await JobsAsync(isScheduled: true));
        var record = await new TransferRunner(source.Side, target.Side, new() { BatchSize = 5 }, source.Fixture.Clock).RunAsync(new(null, isStrict: false), default);
        Assert.Equal(0, await JobsAsync(isScheduled: true));
        var report = await Transfers.VerifyAsync(source.Side, target.Side, record, source.Fixture.Clock);

        Assert.True(report.IsEqual, report.ToText());
        Assert.Equal((jobs, 0), (await JobsAsync(isScheduled: true), await JobsAsync(isScheduled: false)));

        Task StartAsync() => new TimescaleStartup(fixture.Database, Options.Create(fixture.Options), NullLogger<TimescaleStartup>.Instance).ApplySettingsAsync(default);

        async Task<long> JobsAsync(bool isScheduled)
            => await fixture.ScalarAsync($"SELECT count(*) FROM timescaledb_information.jobs WHERE hypertable_schema = current_schema() AND config ? 'compress_after' AND scheduled = {isScheduled}");
    }
}
