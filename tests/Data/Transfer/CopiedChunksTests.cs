using System.Globalization;
using SensorDash.Data.Storage;
using SensorDash.Data.Tests.Events;
using SensorDash.Data.Transfer;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Transfer;

/// <summary>The verification right after a copy: it compares the target with the rows as they were copied, if these are all that the source committed.</summary>
public sealed class CopiedChunksTests
{
    public static TheoryData<TransferEngine> Engines => [.. Enum.GetValues<TransferEngine>()];

    [SkippableTheory]
    [MemberData(nameof(Engines))]
    public async Task Run_WholeStore_ComparesReadingsAsCopied(TransferEngine to)
    {
        await using var source = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await using var target = await TransferStore.CreateAsync(to);
        await FillAsync(source);

        var copied = await source.CopyToAsync(target);
        var anew = await Transfers.VerifyAsync(source.Side, target.Side, copied.Transfer, source.Fixture.Clock);

        Assert.True(copied.IsEqual, copied.ToText());
        Assert.True(copied.Parts[0].IsAsCopied);
        Assert.Contains("as they were copied", copied.ToText(), StringComparison.Ordinal);
        Assert.False(anew.Parts[0].IsAsCopied);
        Assert.Equal((anew.Parts[0].Hash, anew.Parts[0].SourceRows, anew.Parts[0].TargetRows), (copied.Parts[0].Hash, copied.Parts[0].SourceRows, copied.Parts[0].TargetRows));
        Assert.Equal(anew.Parts[0].SourceColumns, copied.Parts[0].SourceColumns);
        Assert.Equal(anew.Parts[0].TargetColumns, copied.Parts[0].TargetColumns);
    }

    [SkippableTheory]
    [InlineData(TransferEngine.Sqlite, TransferEngine.Timescale)]
    [InlineData(TransferEngine.Timescale, TransferEngine.Sqlite)]
    public async Task Run_WholeStore_ComparesEventsAsCopied(TransferEngine from, TransferEngine to)
    {
        await using var source = await TransferStore.CreateAsync(from);
        await using var target = await TransferStore.CreateAsync(to);
        await source.Events.AppendAsync(SomeEvents.Many(60, seed: 3), new RowOutcome[60], CancellationToken.None);

        var copied = await source.CopyToAsync(target);
        var anew = await Transfers.VerifyAsync(source.Side, target.Side, copied.Transfer, source.Fixture.Clock);

        Assert.True(copied.IsEqual, copied.ToText());
        Assert.All(copied.Parts, part => Assert.True(part.IsAsCopied));
        Assert.All(anew.Parts, part => Assert.False(part.IsAsCopied));
        Assert.Equal(anew.Parts[1].Hash, copied.Parts[1].Hash);
        Assert.Equal(anew.Parts[1].SourceColumns, copied.Parts[1].SourceColumns);
    }

    [SkippableTheory]
    [InlineData(TransferEngine.Sqlite, "sensor_readings")]
    [InlineData(TransferEngine.Timescale, "sensor_readings")]
    [InlineData(TransferEngine.DuckDb, "readings_202607")]
    public async Task Run_TargetChangedAfterTheCopy_NamesTheRow(TransferEngine to, string table)
    {
        await using var source = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await using var target = await TransferStore.CreateAsync(to);
        await FillAsync(source);
        var (record, runner) = await CopyAsync(source, target);

        await target.ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"UPDATE {table} SET flags = 9 WHERE node_address = 1 AND \"timestamp\" = {target.Fixture.Seconds(Some.Noon)}"));
        var report = await VerifyAsync(source, target, record, runner);

        Assert.False(report.Parts[0].IsAsCopied);
        Assert.Equal([new Difference(DifferenceKind.Different, "sensor_readings", $"1 at {Some.Noon}", "flags is 0 in the source and 9 in the target")], report.Differences);
    }

    [Fact]
    public async Task Run_SourceWithARowThatNoCommitBrought_ReadsBothSides()
    {
        await using var source = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await using var target = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await FillAsync(source);
        await source.ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"UPDATE sensor_readings SET flags = 9 WHERE timestamp = {Some.Noon}"));

        var report = await source.CopyToAsync(target);

        Assert.True(report.IsEqual, report.ToText());
        Assert.False(report.Parts[0].IsAsCopied);
    }

    [Fact]
    public async Task Run_SourceThatWentOnAfterTheCopy_ReadsBothSides()
    {
        await using var source = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await using var target = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await FillAsync(source);
        var (record, runner) = await CopyAsync(source, target);
        await source.Fixture.Store.AddAsync(Some.Reading(node: 2));

        var report = await VerifyAsync(source, target, record, runner);

        Assert.False(report.IsEqual);
        Assert.True(report.Parts[0].ChangedSinceCopy);
        Assert.Contains(report.Differences, d => d.Kind == DifferenceKind.Missing && d.Table == "sensor_readings");
    }

    [Fact]
    public async Task Run_ThatGoesOn_ReadsBothSides()
    {
        await using var source = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await using var target = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await FillAsync(source);
        using (var cancellation = new CancellationTokenSource())
        {
            var killed = new TransferRunner(source.Side, target.Side, new() { BatchSize = 7 }, source.Fixture.Clock, step =>
            {
                if (step.Rows > 0) cancellation.Cancel();
            });
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => killed.RunAsync(new(null, isStrict: false), cancellation.Token));
        }

        var report = await source.CopyToAsync(target);

        Assert.True(report.IsEqual, report.ToText());
        Assert.False(report.Parts[0].IsAsCopied);
    }

    [Fact]
    public async Task Run_RangeOfTimes_ReadsBothSides()
    {
        await using var source = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await using var target = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await FillAsync(source);

        var report = await source.CopyToAsync(target, new() { Readings = new(Some.Noon - 90, Some.Noon) });

        Assert.True(report.IsEqual, report.ToText());
        Assert.False(report.Parts[0].IsAsCopied);
    }

    private static Task<int> FillAsync(TransferStore store) => store.Fixture.Store.AddAsync([.. Some.Run(node: 1, count: 30), Some.Reading(node: 3, temperature: null, deviceId: ulong.MaxValue)]);

    private static async Task<(TransferRecord Record, TransferRunner Runner)> CopyAsync(TransferStore source, TransferStore target)
    {
        var runner = new TransferRunner(source.Side, target.Side, new() { BatchSize = 7 }, source.Fixture.Clock);
        return (await runner.RunAsync(new(null, isStrict: false), CancellationToken.None), runner);
    }

    private static Task<TransferReport> VerifyAsync(TransferStore source, TransferStore target, TransferRecord record, TransferRunner runner)
        => new TransferVerifier(source.Side, target.Side, source.Fixture.Clock, copied: runner.Copied).RunAsync(record, new(null, isStrict: false), "test", CancellationToken.None);
}
