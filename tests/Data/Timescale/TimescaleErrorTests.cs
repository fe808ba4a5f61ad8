using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using SensorDash.Data.Events;
using SensorDash.Data.Storage;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Timescale;

/// <summary>What an error of the server means, and that none of them ends the program. Without a server.</summary>
public sealed class TimescaleErrorTests
{
    [Theory]
    [InlineData("08006")] // connection failure
    [InlineData("25P03")] // idle in transaction for too long
    [InlineData("28P01")] // password changed meanwhile
    [InlineData("40001")] // serialization failure
    [InlineData("40P01")] // deadlock
    [InlineData("42501")] // rights taken away meanwhile
    [InlineData("53100")] // disk full
    [InlineData("53300")] // too many connections
    [InlineData("53400")] // a limit of the configuration
    [InlineData("55P03")] // lock not available
    [InlineData("57014")] // statement timeout
    [InlineData("57P01")] // administrator shuts down
    [InlineData("57P03")] // server starts
    public void Translate_NotTheFaultOfTheRows_IsUnavailable(string state)
        => Assert.IsType<StoreUnavailableException>(TimescaleErrors.Translate(Error(state), default));

    // Out of locks: a transaction of rows in thousands of chunks.
    [Fact]
    public void Translate_OutOfSharedMemory_IsABatchThatIsTooLarge()
        => Assert.IsType<StoreBatchTooLargeException>(TimescaleErrors.Translate(Error("53200"), default));

    [Theory]
    [InlineData("22003")] // out of range
    [InlineData("22P05")] // character that the encoding lacks
    [InlineData("23505")] // unique violation
    [InlineData("23514")] // check violation
    [InlineData("54000")] // larger than an index takes
    [InlineData("P0001")] // raised by a trigger
    public void Translate_FaultOfARow_IsRejected(string state)
        => Assert.IsType<StoreRejectedException>(TimescaleErrors.Translate(Error(state), default));

    [Theory]
    [InlineData("XX001")] // damaged data
    [InlineData("XX002")] // damaged index
    [InlineData("58P01")] // a file is missing, as that of the transactions of a row with a wrong number
    public void Translate_DamagedData_IsDamaged(string state) => Assert.IsType<StoreDamagedException>(TimescaleErrors.Translate(Error(state), default));

    [Theory]
    [InlineData("3F000")] // no such schema
    [InlineData("42P01")] // no such table
    public void Translate_MissingInTheSchema_IsAFaultOfTheStore(string state)
        => Assert.IsType<StoreFaultException>(TimescaleErrors.Translate(Error(state), default));

    [Theory]
    [InlineData("0A000")] // feature not supported
    [InlineData("XX000")] // internal error
    public void Translate_UnknownKind_StaysWhatItIs(string state)
    {
        var error = Error(state);

        Assert.Same(error, TimescaleErrors.Translate(error, default));
    }

    [Fact]
    public void Translate_WithoutAState_IsUnavailable()
        => Assert.IsType<StoreUnavailableException>(TimescaleErrors.Translate(new NpgsqlException("The connection broke."), default));

    [Fact]
    public void Translate_AfterTheCallWasCancelled_IsTheCancellation()
        => Assert.IsType<OperationCanceledException>(TimescaleErrors.Translate(Error("57014"), new CancellationToken(canceled: true)));

    [Fact]
    public async Task Listener_ErrorNobodyForesaw_TriesAgainAndAgain()
    {
        var clock = new ManualTime();
        var database = new TimescaleDatabase(Options.Create(new TimescaleOptions()));
        await database.DisposeAsync(); // Opening fails, and not as unavailable.
        using var listener = new TimescaleCommitListener(database, new(), new EventCommitSignal(), clock, NullLogger<TimescaleCommitListener>.Instance);
        await listener.StartAsync(default);

        for (var tried = 0; tried < 3; tried++)
        {
            await clock.TimerPendingAsync().WaitAsync(WaitFor.Limit);
            clock.Advance(TimeSpan.FromSeconds(5));
        }

        Assert.False(listener.ExecuteTask!.IsCompleted);
        await listener.StopAsync(default);
    }

    private static PostgresException Error(string state) => new("as the server says it", "ERROR", "ERROR", state);
}
