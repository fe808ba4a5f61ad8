using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using NodaTime;
using SensorDash.Data.Export;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Data.Tests.Export;

public sealed class CsvExportTests : IAsyncLifetime
{
    private SqliteStoreFixture _fixture = null!;

    public async Task InitializeAsync() => _fixture = await SqliteStoreFixture.CreateAsync();

    public async Task DisposeAsync() => await _fixture.DisposeAsync();

    [Fact]
    public async Task Write_Defaults_IsTheContractsFile()
    {
        await _fixture.Store.AddAsync(
            Reading(12, Noon, 2534, 6521, 3, deviceId: ulong.MaxValue), Reading(3, Noon, 0, null), Reading(12, Noon - 60, null, 0),
            Reading(12, Noon - 61, -5, 10_000), Reading(12, Noon - 62, -32768, 1), Reading(12, Noon - 63, 32767, 1), Reading(12, Noon - 64, -100, 1));

        Assert.Equal("""
            node_address,device_id,timestamp,temperature_celsius,humidity_percent,flags
            3,,1782907200,0.00,,0
            12,18446744073709551615,1782907200,25.34,65.21,3
            12,18446744073709551615,1782907140,,0.00,0
            12,18446744073709551615,1782907139,-0.05,100.00,0
            12,18446744073709551615,1782907138,-327.68,0.01,0
            12,18446744073709551615,1782907137,327.67,0.01,0
            12,18446744073709551615,1782907136,-1.00,0.01,0

            """, await TextAsync(new()));
    }

    [Fact]
    public async Task Write_Empty_IsTheHeaderOnly()
    {
        var (text, proof) = await WriteAsync(new());

        Assert.Equal("node_address,device_id,timestamp,temperature_celsius,humidity_percent,flags\n", text);
        Assert.Equal(0, proof.Rows);
    }

    [Fact]
    public async Task Write_OldestFirst_IsTheExactReverse()
    {
        await _fixture.Store.AddAsync([.. Run(1, 30), .. Run(2, 30), .. Run(3, 30)]);

        var newest = (await TextAsync(new())).TrimEnd('\n').Split('\n').Skip(1);
        var oldest = (await TextAsync(new() { Order = ReadingOrder.OldestFirst })).TrimEnd('\n').Split('\n').Skip(1);

        Assert.Equal(newest.Reverse(), oldest);
    }

    [Fact]
    public async Task Write_MoreThanAPage_HasEveryRowOnce()
    {
        await _fixture.Store.AddAsync([.. Run(1, 2600), .. Run(2, 2400)]);

        var (text, proof) = await WriteAsync(new());

        Assert.Equal((5000L, 5001), (proof.Rows, text.Count(c => c == '\n')));
        Assert.Equal(5000, text.Split('\n').Skip(1).SkipLast(1).Distinct().Count());
    }

    [Theory]
    [InlineData(';', ',', "1;25,34;65,21")]
    [InlineData('\t', ',', "1\t25,34\t65,21")]
    [InlineData('\t', '.', "1\t25.34\t65.21")]
    [InlineData(';', '.', "1;25.34;65.21")]
    public async Task Write_SeparatorAndDecimalMark_AreAsAsked(char separator, char mark, string line)
    {
        await _fixture.Store.AddAsync(Reading(1));
        string[] columns = ["node_address", "temperature_celsius", "humidity_percent"];

        Assert.Equal($"{string.Join(separator, columns)}\n{line}\n", await TextAsync(new() { Separator = separator, DecimalMark = mark, Columns = columns }));
    }

    [Fact]
    public async Task Write_Times_AreAsAskedOnBothSidesOfAClockChange()
    {
        const long Change = 1_792_890_000; // 2026-10-25T01:00:00Z: Paris goes from +02:00 to +01:00.
        await _fixture.Store.AddAsync(Reading(1, Change), Reading(1, Change - 1));
        var options = new CsvOptions { Columns = ["timestamp", "received_at"], Zone = DateTimeZoneProviders.Tzdb["Europe/Paris"] };

        Assert.Equal($"timestamp,received_at\n{Change},{Change + 1}\n{Change - 1},{Change}\n", await TextAsync(options));
        Assert.Equal("timestamp,received_at\n2026-10-25T01:00:00Z,2026-10-25T01:00:01Z\n2026-10-25T00:59:59Z,2026-10-25T01:00:00Z\n",
            await TextAsync(options with { Time = CsvTime.Iso }));
        Assert.Equal("timestamp,received_at\n2026-10-25T02:00:00+01:00,2026-10-25T02:00:01+01:00\n2026-10-25T02:59:59+02:00,2026-10-25T02:00:00+01:00\n",
            await TextAsync(options with { Time = CsvTime.Local }));
        Assert.Equal("timestamp,received_at\n2026-10-24T21:00:00-04:00,2026-10-24T21:00:01-04:00\n2026-10-24T20:59:59-04:00,2026-10-24T21:00:00-04:00\n",
            await TextAsync(options with { Time = CsvTime.Local, Zone = DateTimeZoneProviders.Tzdb["America/New_York"] }));
    }

    [Theory]
    [InlineData("Cellar", "Cellar")]
    [InlineData("=1+1", "\"'=1+1\"")]
    [InlineData("+1", "\"'+1\"")]
    [InlineData("-1", "\"'-1\"")]
    [InlineData("@a", "\"'@a\"")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("a\"b", "\"a\"\"b\"")]
    [InlineData("a\nb", "\"a\nb\"")]
    [InlineData("a;b", "\"a;b\"")]
    [InlineData("=\"x\"", "\"'=\"\"x\"\"\"")]
    [InlineData("Kühlhaus 冷", "Kühlhaus 冷")]
    public async Task Write_TextCell_IsQuotedWhereItMustBeAndNeverAFormula(string location, string cell)
    {
        await _fixture.Store.AddAsync(Reading(1));
        var patch = new NodeMetadataPatch();
        patch.SetLocation(location);
        await _fixture.Nodes.EditMetadataAsync(1, patch, CancellationToken.None);

        Assert.Equal($"location\n{cell}\n", await TextAsync(new() { Columns = ["location"] }));
    }

    [Theory]
    [InlineData('\t')]
    [InlineData('\r')]
    public async Task Write_TextThatBeginsWithAControlCharacter_IsQuotedAndPrefixed(char first)
    {
        // The API trims texts; what an older program or a copy left in the table is not trimmed.
        await _fixture.Store.AddAsync(Reading(1));
        await _fixture.ExecuteAsync($"INSERT INTO node_metadata (address, name, updated_at) VALUES (1, char({(int)first}) || 'x', 0)");

        Assert.Equal($"node_name\n\"'{first}x\"\n", await TextAsync(new() { Columns = ["node_name"] }));
    }

    [Fact]
    public async Task Write_EveryColumn_IsWrittenInTheOrderAsked()
    {
        await _fixture.Store.AddAsync(Reading(1, flags: 7, receivedAt: Noon + 9, deviceId: 5));
        var zone = new Zone { Name = "Beds" };
        await _fixture.Zones.AddAsync(zone, CancellationToken.None);
        var patch = new NodeMetadataPatch();
        patch.SetName("N");
        patch.SetLocation("L");
        patch.SetZone(zone.Id);
        await _fixture.Nodes.EditMetadataAsync(1, patch, CancellationToken.None);

        var text = await TextAsync(new() { Columns = [.. CsvColumns.All(CsvResolution.Raw).Reverse()] });

        Assert.Equal($"zone,location,node_name,humidity_raw,temperature_raw,received_at,flags,humidity_percent,temperature_celsius,timestamp,device_id,node_address\n"
            + $"Beds,L,N,6521,2534,{Noon + 9},7,65.21,25.34,{Noon},5,1\n", text);
    }

    [Fact]
    public async Task Write_Footer_ProvesEverythingBeforeIt()
    {
        await _fixture.Store.AddAsync(Run(1, 40));

        foreach (var gzip in new[] { false, true })
        {
            var (bytes, proof) = await BytesAsync(new() { Footer = true, ByteOrderMark = true, Gzip = gzip });
            var text = gzip ? await UnzipAsync(bytes) : bytes;
            var footer = Encoding.UTF8.GetString(text)[Encoding.UTF8.GetString(text).IndexOf('#', StringComparison.Ordinal)..];
            var before = text[..^Encoding.UTF8.GetByteCount(footer)];

            Assert.Equal([0xEF, 0xBB, 0xBF], text[..3]);
            Assert.Equal($"# rows=40 sha256={Convert.ToHexStringLower(SHA256.HashData(before))}\n", footer);
            Assert.Equal((40L, bytes.LongLength, Convert.ToHexStringLower(SHA256.HashData(bytes))), (proof.Rows, proof.Bytes, proof.Sha256));
        }
    }

    [Fact]
    public async Task Write_Gzip_IsTheSameTextCompressedAndTheSameEveryTime()
    {
        await _fixture.Store.AddAsync(Run(1, 3000));
        var (plain, plainProof) = await BytesAsync(new());
        var (zipped, proof) = await BytesAsync(new() { Gzip = true });

        Assert.Equal(plain, await UnzipAsync(zipped));
        Assert.True(zipped.Length < plain.Length / 2);
        Assert.Equal(plainProof.Rows, proof.Rows);
        Assert.Equal(proof, await new CsvExport(_fixture.Store, _fixture.Analytics, _fixture.Nodes).WriteAsync(new() { Gzip = true }, Stream.Null, CancellationToken.None));
    }

    [Fact]
    public async Task Write_Filter_LimitsNodeAndRangeBothEndsIncluded()
    {
        await _fixture.Store.AddAsync([.. Run(1, 10), .. Run(2, 10)]);

        var (text, proof) = await WriteAsync(new() { Filter = new(2, new(Noon - 60, Noon - 30)), Columns = ["node_address", "timestamp"] });

        Assert.Equal($"node_address,timestamp\n2,{Noon - 30}\n2,{Noon - 60}\n", text);
        Assert.Equal(2, proof.Rows);
    }

    [Fact]
    public async Task Write_Hourly_IsOneLinePerNodeAndHourOfTheZone()
    {
        // Kolkata's hours begin at half past.
        const long HalfPast = 1_782_905_400;
        await _fixture.Store.AddAsync(
            Reading(1, HalfPast - 1, 100, null), Reading(1, HalfPast, 0, 5000), Reading(1, HalfPast + 3599, 1, 5100), Reading(2, HalfPast + 5, null, 1));
        var options = new CsvOptions { Resolution = CsvResolution.Hourly, Zone = DateTimeZoneProviders.Tzdb["Asia/Kolkata"] };
        const string Header = "node_address,device_id,bucket_start,bucket_end,reading_count,"
            + "temperature_min_celsius,temperature_avg_celsius,temperature_max_celsius,temperature_p50_celsius,temperature_p95_celsius,temperature_p99_celsius,"
            + "humidity_min_percent,humidity_avg_percent,humidity_max_percent,humidity_p50_percent,humidity_p95_percent,humidity_p99_percent";
        string[] lines = [
            $"1,,{HalfPast},{HalfPast + 3600},2,0.00,0.01,0.01,0.0050,0.0095,0.0099,50.00,50.50,51.00,50.5000,50.9500,50.9900",
            $"2,,{HalfPast},{HalfPast + 3600},1,,,,,,,0.01,0.01,0.01,0.0100,0.0100,0.0100",
            $"1,,{HalfPast - 3600},{HalfPast},1,1.00,1.00,1.00,1.0000,1.0000,1.0000,,,,,,"];

        var (text, proof) = await WriteAsync(options);
        Assert.Equal([Header, .. lines, ""], text.Split('\n'));
        Assert.Equal(3, proof.Rows);
        var oldestFirst = await TextAsync(options with { Order = ReadingOrder.OldestFirst });
        Assert.Equal([Header, lines[2], lines[1], lines[0], ""], oldestFirst.Split('\n'));
    }

    [Fact]
    public async Task Write_AverageJustBelowZero_HasNoMinusZero()
    {
        await _fixture.Store.AddAsync(Reading(1, Noon, -1), Reading(1, Noon + 1, 0), Reading(1, Noon + 2, 0));

        Assert.Equal("temperature_avg_celsius\n0.00\n", await TextAsync(new() { Resolution = CsvResolution.Daily, Columns = ["temperature_avg_celsius"] }));
    }

    [Fact]
    public async Task Write_DailyAcrossAClockChange_HasDaysOf25Hours()
    {
        var until = 1_792_890_000 + (30 * 3600L);
        await _fixture.Store.AddAsync(Run(1, 80, until, 3600));
        var options = new CsvOptions
        {
            Resolution = CsvResolution.Daily,
            Zone = DateTimeZoneProviders.Tzdb["Europe/Paris"],
            Time = CsvTime.Local,
            Columns = ["bucket_start", "bucket_end", "reading_count"],
        };

        Assert.Contains("2026-10-25T00:00:00+02:00,2026-10-26T00:00:00+01:00,25\n", await TextAsync(options), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Write_Cancelled_Stops()
    {
        await _fixture.Store.AddAsync(Run(1, 10));
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => new CsvExport(_fixture.Store, _fixture.Analytics, _fixture.Nodes).WriteAsync(new(), Stream.Null, gone.Token));
    }

    private async Task<string> TextAsync(CsvOptions options) => (await WriteAsync(options)).Text;

    private async Task<(string Text, ExportChecksum Proof)> WriteAsync(CsvOptions options)
    {
        var (bytes, proof) = await BytesAsync(options);
        Assert.Equal(proof, await new CsvExport(_fixture.Store, _fixture.Analytics, _fixture.Nodes).WriteAsync(options, Stream.Null, CancellationToken.None));
        return (Encoding.UTF8.GetString(bytes), proof);
    }

    private async Task<(byte[] Bytes, ExportChecksum Proof)> BytesAsync(CsvOptions options)
    {
        using var target = new MemoryStream();
        var proof = await new CsvExport(_fixture.Store, _fixture.Analytics, _fixture.Nodes).WriteAsync(options, target, CancellationToken.None);
        return (target.ToArray(), proof);
    }

    private static async Task<byte[]> UnzipAsync(byte[] bytes)
    {
        using var unzipped = new MemoryStream();
        await using var gzip = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
        await gzip.CopyToAsync(unzipped);
        return unzipped.ToArray();
    }
}
