using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Sqlite;

/// <summary>Reads while the program stops.</summary>
public sealed class SqliteDatabaseTests : IAsyncLifetime
{
    private SqliteStoreFixture _fixture = null!;

    public async Task InitializeAsync() => _fixture = await SqliteStoreFixture.CreateAsync();

    public async Task DisposeAsync() => await _fixture.DisposeAsync();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Read_OutlivesTheDatabase_ReturnsItsResult(bool isLong)
    {
        var begun = NewSource();
        using var end = new ManualResetEventSlim();
        var reading = Task.Run(() => isLong ? _fixture.Database.ReadLongAsync(_ => Read(), default) : _fixture.Database.ReadAsync(_ => Read(), default));
        await begun.Task.WaitAsync(WaitFor.Limit);

        _fixture.Database.Dispose();
        end.Set();

        Assert.Equal(7, await reading.WaitAsync(WaitFor.Limit));
        Assert.Equal((0, (int?)0), (_fixture.Database.Pool.Busy, _fixture.Database.Pool.Idle));

        int Read()
        {
            begun.SetResult();
            end.Wait(WaitFor.Limit);
            return 7;
        }
    }

    [Fact]
    public async Task Read_WaitsForAReaderWhenTheDatabaseCloses_IsRefused()
    {
        var begun = NewSource();
        using var end = new ManualResetEventSlim();
        var reading = Task.Run(() => _fixture.Database.ReadStreamAsync(
            _ =>
            {
                begun.SetResult();
                return end.Wait(WaitFor.Limit);
            },
            default));
        await begun.Task.WaitAsync(WaitFor.Limit);
        var waiting = _fixture.Database.ReadStreamAsync(_ => true, default);

        _fixture.Database.Dispose();
        end.Set();

        Assert.True(await reading.WaitAsync(WaitFor.Limit));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting.WaitAsync(WaitFor.Limit));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => _fixture.Database.ReadAsync(_ => true, default));
    }

    [Fact]
    public async Task Write_OutlivesTheDatabase_GivesTheWriterLockBack()
    {
        var held = await _fixture.WriterLock.AcquireAsync(default);

        _fixture.Database.Dispose();
        held.Dispose();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => _fixture.WriterLock.AcquireAsync(default));
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
