using System.IO.Compression;
using NodaTime;
using SensorDash.Data.Export;
using SensorDash.Data.Readings;
using SensorDash.Data.Transfer;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Transfer;

/// <summary>Exports of readings as a source.</summary>
public sealed class CsvSourceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ManualTime _clock = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<ReadingOrder, CsvTime, char, char, bool> Notations => new()
    {
        { ReadingOrder.NewestFirst, CsvTime.Unix, ',', '.', false },
        { ReadingOrder.OldestFirst, CsvTime.Iso, ';', ',', true },
        { ReadingOrder.NewestFirst, CsvTime.Local, '\t', ',', true },
    };

    [Theory]
    [MemberData(nameof(Notations))]
    public async Task Run_ExportInAnyNotation_GivesTheSameReadings(ReadingOrder order, CsvTime time, char separator, char mark, bool hasExtras)
    {
        await using var first = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await using var second = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        // More than the marks of the file are apart, and several nodes of one second.
        await first.Fixture.Store.AddAsync([.. Some.Run(node: 1, count: 2500), .. Some.Run(node: 2, count: 2500), Some.Reading(node: 3, temperature: -5, humidity: null, deviceId: 7)]);
        var path = _folder.File("readings.csv");
        await File.WriteAllBytesAsync(path, await first.ExportReadingsAsync(new()
        {
            Order = order,
            Time = time,
            Zone = DateTimeZoneProviders.Tzdb["Europe/Vienna"],
            Separator = separator,
            DecimalMark = mark,
            ByteOrderMark = hasExtras,
            Footer = hasExtras,
            Columns = ["node_address", "device_id", "timestamp", "temperature_celsius", "humidity_percent", "flags", "received_at"],
        }));

        await using var source = FileKinds.OpenCsv(path, _clock);
        var report = await Transfers.RunAsync(source, second.Side, _clock, new() { BatchSize = 700 });

        Assert.Equal((FileKind.Csv, true), (FileKinds.Of(path), report.IsEqual));
        Assert.Equal(5001, report.Parts.Single().SourceRows);
        Assert.Equal(await first.ExportReadingsAsync(), await second.ExportReadingsAsync());
    }

    [Fact]
    public async Task Run_LinesThatAreNoReadings_AreRejectedByLine()
    {
        await using var target = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        using var rejects = new RejectLog(_folder.File("rejects.ndjson"), isStrict: false);
        await using var source = FileKinds.OpenCsv(Write(
            "node_address,timestamp,temperature_celsius,humidity_percent,flags", $"1,{Some.Noon - 60},1.00,2.00,0", $"1,{Some.Noon - 30},warm,,0", $"1,{Some.Noon},1.50,,0", $"1,{Some.Noon},9.00,,0"), _clock);

        var report = await Transfers.RunAsync(source, target.Side, _clock, null, rejects);
        rejects.Flush();

        Assert.True(report.IsEqual, report.ToText());
        Assert.Equal([150, 100], (await target.Fixture.Store.AllAsync()).Select(r => (int)r.TemperatureCentidegrees!));
        Assert.Equal(2, rejects.Count);
        Assert.Contains("\"rowId\":3", (await File.ReadAllLinesAsync(rejects.Path!))[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_FileThatWasCut_IsRefused()
    {
        await using var target = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await using var source = FileKinds.OpenCsv(Write("node_address,timestamp,temperature_celsius", $"1,{Some.Noon},1.00", "# rows=2 sha256=00"), _clock);

        var error = await Assert.ThrowsAsync<TransferException>(() => Transfers.RunAsync(source, target.Side, _clock));

        Assert.Contains("is not complete", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_CompressedExport_GivesTheSameReadings()
    {
        await using var first = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await using var second = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await first.Fixture.Store.AddAsync(Some.Run(node: 1, count: 300));
        var path = _folder.File("readings.csv.gz");
        await using (var file = new GZipStream(File.Create(path), CompressionLevel.Fastest)) await file.WriteAsync(await first.ExportReadingsAsync());

        await using var source = FileKinds.OpenCsv(path, _clock);
        var report = await Transfers.RunAsync(source, second.Side, _clock);

        Assert.True(report.IsEqual, report.ToText());
        Assert.Equal(path, report.Transfer.Source);
        Assert.Equal(await first.ExportReadingsAsync(), await second.ExportReadingsAsync());
    }

    [Fact]
    public async Task Open_CompressedFileThatWasCut_IsRefused()
    {
        var path = _folder.File("readings.csv.gz");
        await using (var file = new GZipStream(File.Create(path), CompressionLevel.Fastest)) await file.WriteAsync(System.Security.Cryptography.RandomNumberGenerator.GetBytes(5_000));
        await using (var file = File.OpenWrite(path)) file.SetLength(file.Length / 2);

        var error = Assert.Throws<TransferException>(() => FileKinds.OpenCsv(path, _clock));

        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    private string Write(params string[] lines)
    {
        var path = _folder.File("file.csv");
        File.WriteAllLines(path, lines);
        return path;
    }
}
