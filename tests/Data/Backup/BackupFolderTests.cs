using Microsoft.Extensions.Options;
using SensorDash.Data.Backup;
using SensorDash.Data.Tests.Transfer;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Backup;

/// <summary>The folder of the backups: which stay, what is removed, and what is none of them.</summary>
public sealed class BackupFolderTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private BackupSubject _subject = null!;

    async Task IAsyncLifetime.InitializeAsync() => _subject = await BackupSubject.CreateAsync(TransferEngine.Sqlite);

    [Fact]
    public async Task Rotate_MoreThanAreKept_DeletesTheOldest()
    {
        for (var i = 0; i < 4; i++) await CreateAsync(keep: 2);

        Assert.Equal(["sensordash-20260701T150000Z", "sensordash-20260701T140000Z"], Names);
    }

    [Fact]
    public async Task Rotate_TheNewestAreDamaged_KeepsTheGoodOnes()
    {
        var good = await CreateAsync(keep: 1);
        var damaged = await CreateAsync(keep: 2);
        await File.AppendAllTextAsync(Path.Combine(damaged.Backup.Path, damaged.Backup.Manifest!.Files[0].Name), "x");
        await Backups(1).VerifyAsync(damaged.Backup, default);

        Assert.Empty(Backups(1).Folder.Rotate(1));
        Assert.Equal([damaged.Backup.Name, good.Backup.Name], Names);
        var next = await CreateAsync(keep: 1);

        Assert.Equal([next.Backup.Name], Names);
        Assert.Equal([damaged.Backup.Name, good.Backup.Name], next.Deleted);
    }

    [Fact]
    public async Task Create_OtherFilesAndUnfinishedBackups_RemovesTheUnfinishedOnly()
    {
        foreach (var name in (string[])["sensordash-20260630T120000Z.partial", "sensordash-20260630T120001Z.removed", "sensordash-of-mine", "photos.partial"])
            await File.WriteAllTextAsync(Path.Combine(Directory.CreateDirectory(_folder.File(name)).FullName, "file"), "content");
        await File.WriteAllTextAsync(_folder.File("notes.txt"), "mine");

        var created = await CreateAsync(keep: 1);

        Assert.Equal([".lock", "notes.txt", "photos.partial", created.Backup.Name, "sensordash-of-mine"],
            Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal([created.Backup.Name], Names);
    }

    [Fact]
    public async Task Create_InTheSameSecond_HasAnotherName()
    {
        var backups = Backups(5);
        var first = await backups.CreateAsync(_ => { }, default);
        var second = await backups.CreateAsync(_ => { }, default);

        Assert.Equal(first.Backup.Name + "-2", second.Backup.Name);
        Assert.Equal([second.Backup.Name, first.Backup.Name], Names);
    }

    [Fact]
    public async Task Create_AnotherProcessMakesOne_IsRefused()
    {
        using var held = await Backups(1).Folder.AcquireAsync(default);

        var refused = await Assert.ThrowsAsync<BackupException>(() => Backups(1).CreateAsync(_ => { }, default));

        Assert.Contains("Another process makes a backup", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Acquire_LockIsReleasedAMomentLater_IsGranted()
    {
        var held = await Backups(1).Folder.AcquireAsync(default);

        var acquiring = new BackupFolder(_folder.Path) { LockTimeout = WaitFor.Limit }.AcquireAsync(default);
        var isGranted = acquiring.IsCompleted; // The first attempt is made before the call returns.
        held.Dispose();

        Assert.False(isGranted);
        using var acquired = await acquiring;
    }

    [Fact]
    public async Task Acquire_CancelledWhileTheLockIsHeld_IsCancelled()
    {
        using var held = await Backups(1).Folder.AcquireAsync(default);
        using var cancel = new CancellationTokenSource();

        var acquiring = new BackupFolder(_folder.Path) { LockTimeout = WaitFor.Limit }.AcquireAsync(cancel.Token);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => acquiring);
    }

    [Fact]
    public async Task Create_RowsThatAreNotInTheBatchLog_IsDoubtfulAndPushesNoGoodOneOut()
    {
        await _subject.AddAsync(0, 10);
        var good = await CreateAsync(keep: 1);
        await ((SqliteStoreFixture)_subject.Fixture).ExecuteAsync("UPDATE sensor_readings SET humidity_centipercent = 1 WHERE timestamp = (SELECT min(timestamp) FROM sensor_readings)");

        var doubtful = await CreateAsync(keep: 1);

        Assert.Equal("the readings are not those that were committed: their hash differs from that of the batch log", doubtful.Backup.Manifest!.Doubt);
        Assert.False(doubtful.Backup.IsGood);
        Assert.Equal([doubtful.Backup.Name, good.Backup.Name], Names);
    }

    [Fact]
    public async Task Read_ManifestThatLeadsOutOfTheFolder_IsDamaged()
    {
        var created = await CreateAsync(keep: 1);
        var manifest = created.Backup.Manifest!;
        await File.WriteAllTextAsync(Path.Combine(created.Backup.Path, BackupManifest.FileName), (manifest with { Files = [manifest.Files[0] with { Name = "../notes.txt" }] }).ToJson());

        Assert.Contains("is damaged", Assert.Single(Backups(1).Folder.List()).Error, StringComparison.Ordinal);
    }

    private IEnumerable<string> Names => Backups(1).Folder.List().Select(b => b.Name);

    private async Task<CreatedBackup> CreateAsync(int keep)
    {
        var created = await Backups(keep).CreateAsync(_ => { }, default);
        _subject.Fixture.Clock.Advance(TimeSpan.FromHours(1));
        return created;
    }

    private SensorDash.Data.Backup.Backups Backups(int keep) => new(_subject.Stores, Options.Create(new BackupOptions { Folder = _folder.Path, Keep = keep }), _subject.Fixture.Clock);

    async Task IAsyncLifetime.DisposeAsync()
    {
        await _subject.DisposeAsync();
        _folder.Dispose();
    }
}
