using SensorDash.Data.Sqlite;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Tests.Sqlite;

/// <summary>SQLite's error codes: what a row causes, and what an administrator can fix.</summary>
public sealed class SqliteErrorTests
{
    [Theory]
    [InlineData(5, "temporarily unavailable")] // busy
    [InlineData(8, "read-only")]
    [InlineData(11, "damaged")]
    [InlineData(13, "temporarily unavailable")] // disk full
    [InlineData(26, "damaged")] // not a database
    [InlineData(11 | (1 << 8), "damaged")] // an extended code
    public void Translate_NotTheFaultOfTheRows_IsUnavailable(int code, string words)
        => Assert.Contains(words, Assert.IsAssignableFrom<StoreUnavailableException>(SqliteErrors.Translate(code, "as SQLite says it")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(18)] // too big
    [InlineData(19)] // constraint
    [InlineData(20)] // type mismatch
    [InlineData(25)] // no such parameter
    public void Translate_FaultOfARow_IsRejected(int code)
        => Assert.IsType<StoreRejectedException>(SqliteErrors.Translate(code, "as SQLite says it"));

    [Fact]
    public void Translate_NoSuchTable_IsAFaultOfTheStore() => Assert.IsType<StoreFaultException>(SqliteErrors.Translate(1, "no such table: nodes"));

    [Fact]
    public void Translate_Interrupted_IsCancelled() => Assert.IsType<OperationCanceledException>(SqliteErrors.Translate(9, "interrupted"));
}
