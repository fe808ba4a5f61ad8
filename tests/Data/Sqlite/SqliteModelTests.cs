using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Migrations;
using SensorDash.Data.Sqlite;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Sqlite;

public sealed class SqliteModelTests : IAsyncLifetime
{
    private SqliteStoreFixture _fixture = null!;

    public async Task InitializeAsync() => _fixture = await SqliteStoreFixture.CreateAsync();

    public async Task DisposeAsync() => await _fixture.DisposeAsync();

    [Fact]
    public async Task Model_AgainstItsMigrations_HasNoPendingChanges()
    {
        await using var context = _fixture.CreateSqliteContext();

        Assert.False(context.Database.HasPendingModelChanges());
    }

    [Fact]
    public async Task Migrations_AllTheWayDownAndUpAgain_LeaveAStoreThatWorks()
    {
        await using var context = _fixture.CreateSqliteContext();

        await context.Database.MigrateAsync(Migration.InitialDatabase);
        Assert.Equal(0, await _fixture.ScalarAsync("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '__EF%'"));
        await context.Database.MigrateAsync();

        Assert.Equal(1, await _fixture.Store.AddAsync(Some.Reading()));
    }

    [Fact]
    public async Task Schema_EveryMappedColumn_ExistsInTheDatabase()
    {
        // The table of readings is made by hand-written SQL, which the pending-changes check does not see.
        await using var context = _fixture.CreateSqliteContext();
        foreach (var entity in context.Model.GetEntityTypes())
        {
            var columns = await context.Database.SqlQuery<string>($"SELECT name AS Value FROM pragma_table_info({entity.GetTableName()})").ToListAsync();
            Assert.Equal(entity.GetProperties().Select(p => p.GetColumnName()).Order(), columns.Order());
        }
    }

    [Fact]
    public async Task Schema_Names_AreSnakeCase()
        => Assert.Equal(0, await _fixture.ScalarAsync("""
            SELECT count(*) FROM sqlite_master m JOIN pragma_table_info(m.name) c
            WHERE m.type = 'table' AND m.name NOT LIKE '__EF%' AND (m.name GLOB '*[A-Z]*' OR c.name GLOB '*[A-Z]*')
            """));
}

public sealed class SqliteFileLockTests
{
    [Fact]
    public void Acquire_HeldByAnother_IsRefusedAndNamesIt()
    {
        using var folder = new TemporaryFolder();
        var clock = new ManualTime();
        using var first = SqliteFileLock.Acquire(folder.File("a.db"), clock);

        var refused = Assert.Throws<InvalidOperationException>(() => SqliteFileLock.Acquire(folder.File("a.db"), clock));

        Assert.Contains(folder.File("a.db"), refused.Message, StringComparison.Ordinal);
        Assert.Contains($"process {Environment.ProcessId} on {Environment.MachineName}, started 2026-07-01 12:00:00 UTC", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Acquire_AfterTheFirstHasGone_IsGranted()
    {
        using var folder = new TemporaryFolder();
        SqliteFileLock.Acquire(folder.File("a.db"), new ManualTime()).Dispose();

        using var second = SqliteFileLock.Acquire(folder.File("a.db"), new ManualTime());
        using var other = SqliteFileLock.Acquire(folder.File("b.db"), new ManualTime());
    }

    [Fact]
    public async Task Acquire_HeldForAMoment_IsGrantedAfterIt()
    {
        using var folder = new TemporaryFolder();
        var looking = new FileStream(folder.File("a.db.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        var acquiring = Task.Run(() => SqliteFileLock.Acquire(folder.File("a.db"), new ManualTime(), WaitFor.Limit));
        await Task.Delay(100); // A moment, not a wait: it is granted whether it began before or after the lock was free.
        await looking.DisposeAsync();

        using var held = await acquiring;
    }

    [Fact]
    public void Acquire_BetweenTwoHostsOfAServer_IsGrantedToItsProcessOnly()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("a.db");
        using (var first = SqliteFileLock.Acquire(path, TimeProvider.System))
        {
            first.NoteAddress("http://127.0.0.1:5080");
            first.NoteSwitch();
        }

        Assert.Equal("http://127.0.0.1:5080", SqliteFileLock.FindServer(path)); // Though nobody holds it.
        SqliteFileLock.Acquire(path, TimeProvider.System).Dispose(); // For the swap of the stores.
        Assert.Equal("http://127.0.0.1:5080", SqliteFileLock.FindServer(path));
        SqliteFileLock.Acquire(path, TimeProvider.System).Dispose();
    }

    [Fact]
    public async Task Acquire_OtherServerBetweenTwoHosts_IsRefusedUntilItsProcessEnds()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("a.db");
        using var server = Process.Start(new ProcessStartInfo("sleep", "600"))!;
        try
        {
            using (var held = SqliteFileLock.Acquire(path, TimeProvider.System)) held.NoteSwitch();
            var note = await File.ReadAllTextAsync(path + ".owner");
            await File.WriteAllTextAsync(path + ".owner", note.Replace($"\"ProcessId\":{Environment.ProcessId}", $"\"ProcessId\":{server.Id}", StringComparison.Ordinal));

            var refused = Assert.Throws<InvalidOperationException>(() => SqliteFileLock.Acquire(path, TimeProvider.System));
            Assert.Contains($"process {server.Id} on", refused.Message, StringComparison.Ordinal);
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync();
        }

        using var granted = SqliteFileLock.Acquire(path, TimeProvider.System);
        Assert.Null(SqliteFileLock.FindServer(path));
    }

    [Fact]
    public void Acquire_OwnerFileLeftByAKilledProcess_IsGranted()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("a.db.owner"), "{ half");
        File.WriteAllText(folder.File("a.db.lock"), "");

        using var held = SqliteFileLock.Acquire(folder.File("a.db"), new ManualTime());
    }
}
