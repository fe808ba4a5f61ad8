using SensorDash.Data.Ingest;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Tests.Ingest;

public sealed class IngestHoldTests
{
    private readonly IngestHold<Reading> _hold = new();

    [Fact]
    public async Task Begin_WhileABatchIsWritten_ReturnsAfterItAndAdmitsNoOther()
    {
        _hold.Enter();
        var begun = _hold.BeginAsync("hub.db is being imported", CancellationToken.None);

        Assert.False(begun.IsCompleted);
        var error = Assert.Throws<StoreUnavailableException>(_hold.Enter);
        Assert.Equal("hub.db is being imported", error.Message);
        _hold.Leave();
        await begun;

        _hold.End();
        _hold.Enter();
        Assert.Null(_hold.Reason);
    }

    [Fact]
    public async Task Begin_Cancelled_GoesOnHoldingUntilItsEnd()
    {
        _hold.Enter();
        using var stop = new CancellationTokenSource();
        var begun = _hold.BeginAsync("hub.db is being imported", stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => begun);
        Assert.NotNull(_hold.Reason);
    }
}
