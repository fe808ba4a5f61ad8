using Microsoft.Extensions.Options;
using Npgsql;
using SensorDash.Data.Backup;
using SensorDash.Data.Events;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Tests.Transfer;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Backup;

/// <summary>What backups promise on every store.</summary>
public abstract class BackupContract : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private BackupSubject _source = null!;

    protected abstract TransferEngine Engine { get; }

    private protected BackupSubject Source => _source;

    private protected string Folder => _source.FolderOr(_folder.File("backups"));

    async Task IAsyncLifetime.InitializeAsync() => _source = await BackupSubject.CreateAsync(Engine);

    [SkippableFact]
    public async Task Create_WhileRowsArrive_HoldsOneMomentAndRestoresEqual()
    {
        await _source.AddAsync(0, 2_000);
        var before = await _source.ReadSumsAsync();
        using var stop = new CancellationTokenSource();
        var ingest = _source.IngestAsync(2_000, stop.Token);

        var created = await Backups(_source).CreateAsync(_ => { }, default);
        await stop.CancelAsync();
        await ingest;
        var after = await _source.ReadSumsAsync();
        await using var target = await BackupSubject.CreateAsync(Engine);
        var aside = await Backups(target).RestoreAsync(created.Backup, replaces: true, default);

        Assert.True(created.Backup.IsGood, created.Backup.Error ?? created.Backup.Manifest?.Doubt);
        Assert.NotEmpty(aside); // The stores of the target, which were empty.
        var restored = await target.ReadSumsAsync();
        Assert.InRange(restored.Readings, before.Readings, after.Readings);
        Assert.InRange(restored.Events, before.Events, after.Events);
        // Every row with all its columns is one that was committed, and none of them is missing: the first ones of each sender.
        Assert.Equal(BackupSubject.SumsOfFirst((int)restored.Readings, (int)restored.Events), restored);
        Assert.Equal(restored, await target.ReadRowSumsAsync());
        Assert.Equal(restored.Readings, await target.CountNodeReadingsAsync());
        Assert.Empty(created.Backup.Manifest!.Files.Select(f => f.Contents.Epoch).Intersect(await target.ReadEpochsAsync()));
    }

    [SkippableFact]
    public async Task Restore_ThenWritesGoOn_AndAnotherBackupHoldsThem()
    {
        await _source.AddAsync(0, 50);
        var created = await Backups(_source).CreateAsync(_ => { }, default);
        await using var target = await BackupSubject.CreateAsync(Engine);
        await Backups(target).RestoreAsync(created.Backup, replaces: true, default);

        await target.AddAsync(50, 70);
        var again = await Backups(target, _folder.File("again")).CreateAsync(_ => { }, default);

        Assert.True(again.Backup.IsGood, again.Backup.Manifest?.Doubt);
        Assert.Equal(BackupSubject.SumsOfFirst(70, 70), await target.ReadRowSumsAsync());
        Assert.Equal(70, again.Backup.Manifest!.Files.Sum(f => f.Contents.Tables.GetValueOrDefault("sensor_readings")?.Rows ?? 0));
    }

    [SkippableFact]
    public async Task Verify_Undamaged_IsGoodAndFilesAreForTheOwnerOnly()
    {
        await _source.AddAsync(0, 50);
        var created = await Backups(_source).CreateAsync(_ => { }, default);

        var verified = await Backups(_source).VerifyAsync(created.Backup, default);

        Assert.Null(verified.Error);
        Assert.NotNull(verified.VerifiedAt);
        var listed = Assert.Single(Backups(_source).Folder.List());
        Assert.Equal((verified.Name, verified.VerifiedAt), (listed.Name, listed.VerifiedAt));
        if (OperatingSystem.IsWindows()) return;
        foreach (var file in Directory.GetFiles(created.Backup.Path, "*.db").Concat(Directory.GetFiles(created.Backup.Path, "*d*.duckdb")).Concat(Directory.GetFiles(created.Backup.Path, "*.pgdump")))
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(created.Backup.Path));
    }

    [SkippableFact]
    public async Task VerifyAndRestore_OneFlippedBit_SayWhichFileAndChangeNothing()
    {
        await _source.AddAsync(0, 50);
        var created = await Backups(_source).CreateAsync(_ => { }, default);
        await using var target = await BackupSubject.CreateAsync(Engine);
        var random = new Random(16);
        foreach (var file in created.Backup.Manifest!.Files.SelectMany(f => Enumerable.Repeat(f, 4)))
        {
            var path = Path.Combine(created.Backup.Path, file.Name);
            var at = random.NextInt64(file.Bytes);
            Flip(path, at);

            var verified = await Backups(_source).VerifyAsync(created.Backup, default);
            var refused = await Assert.ThrowsAsync<BackupException>(() => Backups(target).RestoreAsync(created.Backup, replaces: true, default));
            Flip(path, at);

            Assert.Contains($"the SHA-256 of {file.Name} is not that of the manifest", verified.Error, StringComparison.Ordinal);
            Assert.Equal(verified.Error, refused.Message);
            Assert.False(Assert.Single(Backups(_source).Folder.List()).IsGood);
        }
        await target.AddAsync(0, 5); // The store of the target is as it was.
        Assert.Equal(BackupSubject.SumsOfFirst(5, 5), await target.ReadRowSumsAsync());
        Assert.True((await Backups(_source).VerifyAsync(created.Backup, default)).IsGood);
    }

    [SkippableFact]
    public async Task Restore_OverAStoreWithoutBeingTold_IsRefused()
    {
        await _source.AddAsync(0, 50);
        var created = await Backups(_source).CreateAsync(_ => { }, default);
        await _source.AddAsync(50, 60);

        var refused = await Assert.ThrowsAsync<BackupException>(() => Backups(_source).RestoreAsync(created.Backup, replaces: false, default));

        Assert.Contains("--replace", refused.Message, StringComparison.Ordinal);
        Assert.Equal(BackupSubject.SumsOfFirst(60, 60), await _source.ReadRowSumsAsync());
    }

    [SkippableFact]
    public async Task Restore_OfANewerVersion_IsRefusedInOneSentence()
    {
        await _source.AddAsync(0, 5);
        var created = await Backups(_source).CreateAsync(_ => { }, default);
        var manifest = created.Backup.Manifest!;
        var newer = manifest with { Files = [.. manifest.Files.Select(f => f with { Contents = f.Contents with { Schema = "99990101000000_Later" } })] };
        await File.WriteAllTextAsync(Path.Combine(created.Backup.Path, BackupManifest.FileName), newer.ToJson());
        await using var target = await BackupSubject.CreateAsync(Engine);

        var refused = await Assert.ThrowsAsync<BackupException>(() => Backups(target).RestoreAsync(created.Backup, replaces: true, default));

        Assert.Contains("version of SensorDash", refused.Message, StringComparison.Ordinal);
        await target.AddAsync(0, 5);
        Assert.Equal(BackupSubject.SumsOfFirst(5, 5), await target.ReadRowSumsAsync());
    }

    [SkippableFact]
    public async Task Create_AfterRetention_AgreesWithTheLog()
    {
        await _source.AddAsync(0, 300);
        IEventRemoval? removal = _source.Fixture switch
        {
            SqliteStoreFixture sqlite => new SqliteEventRemoval(sqlite.Database),
            TimescaleStoreFixture timescale => new TimescaleEventRemoval(timescale.Database),
            _ => null,
        };
        var removed = 0L;
        foreach (var lane in removal is null ? [] : Lanes.All) removed += (await removal!.RemoveSliceAsync(lane, (Some.Noon * 1_000_000) + 150, default)).Removed;

        var created = await Backups(_source).CreateAsync(_ => { }, default);

        Assert.True(created.Backup.IsGood, created.Backup.Error ?? created.Backup.Manifest?.Doubt);
        Assert.Null(created.Backup.Manifest!.Doubt);
        Assert.True(removal is null || removed > 0);
    }

    private protected SensorDash.Data.Backup.Backups Backups(BackupSubject subject, string? folder = null)
        => new(subject.Stores, Options.Create(new BackupOptions { Folder = subject.FolderOr(folder ?? Folder) }), subject.Fixture.Clock);

    private static void Flip(string path, long at)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        file.Position = at;
        var value = file.ReadByte();
        file.Position = at;
        file.WriteByte((byte)(value ^ 0x10));
    }

    async Task IAsyncLifetime.DisposeAsync()
    {
        if (_source is not null) await _source.DisposeAsync();
        _folder.Dispose();
    }
}

public sealed class SqliteBackupTests : BackupContract
{
    protected override TransferEngine Engine => TransferEngine.Sqlite;

    // Each such commit starts SQLite's copy over.
    [Fact]
    public async Task Create_AnotherConnectionCommitsBetweenAllSlices_Ends()
    {
        await Source.AddAsync(0, 20_000);
        var fixture = (SqliteStoreFixture)Source.Fixture;
        await using var other = await fixture.OpenAsync();

        var created = await Backups(Source).CreateAsync(
            _ =>
            {
                using var command = other.CreateCommand();
                command.CommandText = "UPDATE store_info SET access_version = access_version + 1";
                command.ExecuteNonQuery();
            },
            default);

        Assert.True(created.Backup.IsGood, created.Backup.Manifest?.Doubt);
        Assert.Equal(20_000, created.Backup.Manifest!.Files[0].Contents.Tables["sensor_readings"].Rows);
        Assert.Single(Source.Log!.Lines); // That a reader had to finish it.
    }

    [Fact]
    public async Task Create_BatchesBetweenAllSlices_AreInTheCopyWithoutStartingOver()
    {
        await Source.AddAsync(0, 20_000);
        var number = 20_000;

        var created = await Backups(Source).CreateAsync(
            _ => Source.AddAsync(number, number += 10).GetAwaiter().GetResult(),
            default);

        Assert.True(created.Backup.IsGood, created.Backup.Manifest?.Doubt);
        Assert.Empty(Source.Log!.Lines); // No reader had to finish it.
        Assert.InRange(created.Backup.Manifest!.Files[0].Contents.Tables["sensor_readings"].Rows, 20_010, number - 10);
    }
}

public sealed class DuckDbBackupTests : BackupContract
{
    protected override TransferEngine Engine => TransferEngine.DuckDb;
}

public sealed class TimescaleBackupTests : BackupContract
{
    protected override TransferEngine Engine => TransferEngine.Timescale;

    [SkippableFact]
    public async Task Create_ToolsAreMissing_SaysWhatToInstall()
    {
        var refused = await Assert.ThrowsAsync<BackupException>(() => WithTools("/nowhere").CreateAsync(_ => { }, default));

        Assert.StartsWith("/nowhere/pg_dump cannot be run: ", refused.Message, StringComparison.Ordinal);
        Assert.EndsWith("Install PostgreSQL's client programs of the server's version (Debian: postgresql-client), or set Backup:PostgresTools to their folder.", refused.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Create_ToolsAreOlderThanTheServer_SaysWhichToInstall()
    {
        using var tools = new TemporaryFolder();
        await File.WriteAllTextAsync(tools.File("pg_dump"), "#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.24'\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(tools.File("pg_dump"), UnixFileMode.UserRead | UnixFileMode.UserExecute);

        var refused = await Assert.ThrowsAsync<BackupException>(() => WithTools(tools.Path).CreateAsync(_ => { }, default));

        Assert.Contains("is of version 9, older than the server (", refused.Message, StringComparison.Ordinal);
    }

    // A chunk that is dropped is gone for older snapshots too, and their batch log would count its rows.
    [SkippableFact]
    public async Task Create_WhileAChunkIsDropped_HoldsOneMoment()
    {
        const string Blocked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        var fixture = (TimescaleStoreFixture)Source.Fixture;
        await Source.AddAsync(0, 300);
        await using var removal = await fixture.OpenAsync();
        await using var transaction = await removal.BeginTransactionAsync();
        await using (var drop = new NpgsqlCommand("""
            INSERT INTO ingest_batches (id, committed_at, row_count, first_timestamp, last_timestamp, removed_before, rows_hash)
            SELECT max(id) + 1, now(), -sum(row_count), 'epoch', 'epoch', 'infinity', -sum(rows_hash) FROM ingest_batches;
            SELECT drop_chunks('sensor_readings', older_than => 'infinity'::timestamptz)
            """, removal, transaction)) await drop.ExecuteNonQueryAsync();

        var creating = Backups(Source).CreateAsync(_ => { }, default);
        await WaitFor.TrueAsync("the backup waits for the chunk", async () => await fixture.ScalarAsync(Blocked) > 0);
        await transaction.CommitAsync();
        var created = await creating;

        Assert.Null(created.Backup.Manifest!.Doubt);
    }

    [SkippableFact]
    public async Task Restore_WhileAServerIsConnected_IsRefused()
    {
        await Source.AddAsync(0, 5);
        var created = await Backups(Source).CreateAsync(_ => { }, default);

        // The pool of the source is that of a server.
        var refused = await Assert.ThrowsAsync<BackupException>(() => Backups(Source).RestoreAsync(created.Backup, replaces: true, default));

        Assert.Contains("A SensorDash server uses", refused.Message, StringComparison.Ordinal);
        Assert.Equal(BackupSubject.SumsOfFirst(5, 5), await Source.ReadRowSumsAsync());
    }

    private SensorDash.Data.Backup.Backups WithTools(string folder)
    {
        var fixture = (TimescaleStoreFixture)Source.Fixture;
        var options = Options.Create(new BackupOptions { Folder = Folder, PostgresTools = folder });
        return new([new TimescaleBackup(fixture.Database, Options.Create(fixture.Options), options, fixture.Contexts, fixture.Clock)], options, fixture.Clock);
    }
}
