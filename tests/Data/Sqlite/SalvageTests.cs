using System.Buffers.Binary;
using Microsoft.Data.Sqlite;
using SensorDash.Data.Sqlite.Repair;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Data.Tests.Sqlite;

/// <summary>Rows are read from a file that SQLite cannot read any more, and from its write-ahead log.</summary>
public sealed class SalvageTests : IAsyncLifetime
{
    private const int LogHeaderBytes = 32, FrameBytes = 24 + 4096;

    private SqliteStoreFixture _fixture = null!;
    private readonly TemporaryFolder _folder = new();

    private string Damaged => _folder.File("damaged.db");

    public async Task InitializeAsync() => _fixture = await SqliteStoreFixture.CreateAsync();

    public async Task DisposeAsync()
    {
        await _fixture.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Log_WithoutAnyDamage_GivesAllCommittedRows()
    {
        var written = await WriteToTheLogAsync();

        var (salvaged, _) = await SalvageAsync();

        Assert.Equal(written, salvaged);
    }

    [Fact]
    public async Task Log_DamagedInTheMiddle_GivesWhatIsAfterItToo()
    {
        var written = await WriteToTheLogAsync();
        var log = await File.ReadAllBytesAsync(Damaged + "-wal");
        var frames = (log.Length - LogHeaderBytes) / FrameBytes;
        log[LogHeaderBytes + (frames / 2 * FrameBytes) + 24 + 2_000] ^= 0xff;
        await File.WriteAllBytesAsync(Damaged + "-wal", log);
        File.Copy(Damaged, _folder.File("sqlite.db"));
        File.Copy(Damaged + "-wal", _folder.File("sqlite.db-wal"));
        var bySqlite = await TimesAsync(_folder.File("sqlite.db")); // It ends at the damage.

        var (salvaged, badPages) = await SalvageAsync();

        Assert.Equal(1, badPages);
        Assert.True(bySqlite.Count < written.Count);
        Assert.Superset(bySqlite.ToHashSet(), salvaged.ToHashSet());
        Assert.True(salvaged.Count > bySqlite.Count, $"{salvaged.Count} salvaged, {bySqlite.Count} by SQLite");
        Assert.Subset(written.ToHashSet(), salvaged.ToHashSet());
        Assert.Equal(written[^1], salvaged[^1]); // The last commit.
    }

    [Fact]
    public async Task Log_WithoutItsLastCommit_GivesNoRowOfIt()
    {
        var written = await WriteToTheLogAsync();
        var log = await File.ReadAllBytesAsync(Damaged + "-wal");
        BinaryPrimitives.WriteInt32BigEndian(log.AsSpan(log.Length - FrameBytes + 4), 0); // The mark of the commit.
        await File.WriteAllBytesAsync(Damaged + "-wal", log);

        var (salvaged, _) = await SalvageAsync();

        Assert.Equal(written[..^10], salvaged);
    }

    [Fact]
    public async Task FreePages_HoldWhatWasDeleted_AndAreLeftOut()
    {
        await _fixture.Store.AddAsync(Run(1, 5_000));
        await _fixture.Store.AddAsync(Run(2, 10));
        await _fixture.NodeStore.DeleteAsync(1, default);
        Copy();
        // Without the root of the table, the pages are looked at one by one.
        await using (var connection = new SqliteConnection($"Data Source={Damaged};Pooling=False"))
        {
            await connection.OpenAsync();
            await using var checkpoint = connection.CreateCommand();
            checkpoint.CommandText = "PRAGMA wal_checkpoint(TRUNCATE); SELECT rootpage FROM sqlite_master WHERE name = 'zones'";
            await using var reader = await checkpoint.ExecuteReaderAsync();
            await reader.NextResultAsync();
            await reader.ReadAsync();
            var root = reader.GetInt32(0);
            await reader.DisposeAsync();
            await connection.CloseAsync();
            var bytes = await File.ReadAllBytesAsync(Damaged);
            bytes.AsSpan((root - 1) * 4096, 4096).Fill(0xA5);
            await File.WriteAllBytesAsync(Damaged, bytes);
        }

        var (salvaged, _) = await SalvageAsync();

        Assert.Equal(10, salvaged.Count);
    }

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public async Task Header_Lost_TellsNoSizeOfPages_AndRowsAreFoundAnyway(int pageBytes)
    {
        await _fixture.Store.AddAsync(Run(1, 5_000));
        Copy();
        await using (var connection = new SqliteConnection($"Data Source={Damaged};Pooling=False"))
        {
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = $"PRAGMA journal_mode=DELETE; PRAGMA page_size={pageBytes}; VACUUM";
            await command.ExecuteNonQueryAsync();
        }
        var bytes = await File.ReadAllBytesAsync(Damaged);
        bytes.AsSpan(0, pageBytes).Fill(0xA5);
        await File.WriteAllBytesAsync(Damaged, bytes);

        Assert.Equal(5_000, (await SalvageAsync()).Times.Count);
    }

    // Ten readings in each of twenty commits; the log holds them all.
    private async Task<List<long>> WriteToTheLogAsync()
    {
        var times = new List<long>();
        for (var batch = 0; batch < 20; batch++)
        {
            var rows = Run(1, 10, until: Noon + (batch * 1_000));
            await _fixture.Store.AddAsync(rows);
            times.AddRange(rows.Select(r => r.Timestamp));
        }
        Copy();
        Assert.True(new FileInfo(Damaged + "-wal").Length > 20 * FrameBytes);
        return times;
    }

    private void Copy()
    {
        File.Copy(_fixture.Database.Path, Damaged);
        File.Copy(_fixture.Database.Path + "-wal", Damaged + "-wal");
    }

    private async Task<(List<long> Times, int BadPages)> SalvageAsync()
    {
        var target = _folder.File("target.db");
        MigratedSqliteFile.CopyTo(target);
        await using var connection = new SqliteConnection($"Data Source={target};Pooling=False");
        await connection.OpenAsync();
        var salvage = new Salvage(connection);
        salvage.Run(Damaged, _ => { }, default);
        return (await TimesAsync(target), salvage.BadPages);
    }

    private static async Task<List<long>> TimesAsync(string path)
    {
        await using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT timestamp FROM sensor_readings ORDER BY timestamp";
        await using var reader = await command.ExecuteReaderAsync();
        var times = new List<long>();
        while (await reader.ReadAsync()) times.Add(reader.GetInt64(0));
        return times;
    }
}
