using SensorDash.Data.DuckDb;

namespace SensorDash.Data.Tests.DuckDb;

public sealed class DuckDbVectorsTests : DuckDbTest
{
    [Fact]
    public void ReadVectors_MillionRows_GivesEachOnceInOrder()
    {
        var (next, wrong) = (0L, 0L);
        Connection.ReadVectors("""
            SELECT range, CASE WHEN range % 3 = 0 THEN NULL ELSE (range % 1000)::SMALLINT END, 7::BIGINT, NULL::SMALLINT FROM range(1000000)
            """, rows =>
            {
                var ids = rows.Column<long>(0);
                var values = rows.Column<short>(1);
                Assert.True(rows.Valid(0).IsEmpty);
                for (var i = 0; i < rows.Count; i++, next++)
                {
                    var isRight = ids[i] == next && DuckDbVectors.At(values, rows.Valid(1), i) == (next % 3 == 0 ? null : (short)(next % 1000))
                        && DuckDbVectors.At(rows.Column<long>(2), rows.Valid(2), i) == 7 && DuckDbVectors.At(rows.Column<short>(3), rows.Valid(3), i) is null;
                    if (!isRight) wrong++;
                }
                return true;
            }, None);

        Assert.Equal((1_000_000, 0), (next, wrong));
    }

    [Fact]
    public void ReadVectors_ReceiverHasEnough_EndsAndTheConnectionWorksOn()
    {
        var chunks = 0;
        Connection.ReadVectors("SELECT range FROM range(1000000000000)", _ => ++chunks < 3, None);

        Assert.Equal(3, chunks);
        Assert.Equal(1, Scalar<int>("SELECT 1"));
    }

    [Fact]
    public void ReadVectors_NoRows_ReceivesNone()
        => Connection.ReadVectors("SELECT range FROM range(10) WHERE range > 10", _ => throw new InvalidOperationException("There are none."), None);

    [Fact]
    public void ReadVectors_StatementIsWrong_ThrowsAndTheConnectionWorksOn()
    {
        var error = Assert.Throws<DuckDbException>(() => Connection.ReadVectors("SELECT * FROM missing", _ => true, None));

        Assert.Contains("missing", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, Scalar<int>("SELECT 1"));
    }

    [Fact]
    public void ReadVectors_QueryFailsOnItsWay_ThrowsAndDoesNotEnd()
    {
        Execute("SET threads = 1"); // With more, DuckDB may report that it interrupted the others.
        var error = Assert.Throws<DuckDbException>(() => Connection.ReadVectors("SELECT CASE WHEN range = 900000 THEN 'x' ELSE '1' END::INTEGER FROM range(1000000)", _ => true, None));

        Assert.Equal(DuckDbErrorKind.Rejected, error.Kind);
        Assert.Equal(1, Scalar<int>("SELECT 1"));
    }

    [Fact]
    public void ReadVectors_ReceiverFails_ThrowsItsError()
    {
        Assert.Throws<InvalidOperationException>(() => Connection.ReadVectors("SELECT range FROM range(1000000)", _ => throw new InvalidOperationException(), None));
        Assert.Equal(1, Scalar<int>("SELECT 1"));
    }

    [Theory]
    [InlineData("SELECT range FROM range(1000000000000) WHERE range < 200000 OR hash(range) = 0")]
    [InlineData("SELECT range FROM range(1000000)")]
    public void ReadVectors_Cancelled_IsNotTakenForTheEnd(string sql)
    {
        using var cancellation = new CancellationTokenSource();

        Assert.Throws<OperationCanceledException>(() => Connection.ReadVectors(sql, _ =>
        {
            cancellation.Cancel();
            return true;
        }, cancellation.Token));
        Assert.Equal(1, Scalar<int>("SELECT 1"));
    }
}
