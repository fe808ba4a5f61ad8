using System.Globalization;
using System.Text;

namespace SensorDash.DuckDb.Tests;

public sealed class ValueTests : DuckDbTest
{
    [Fact]
    public void Values_Booleans_ComeBack() => Same("BOOLEAN", [true, false]);

    [Fact]
    public void Values_SignedIntegers_ComeBackWithTheirExtremes()
    {
        Same<sbyte>("TINYINT", [sbyte.MinValue, -1, 0, sbyte.MaxValue]);
        Same<short>("SMALLINT", [short.MinValue, -1, 0, short.MaxValue]);
        Same<int>("INTEGER", [int.MinValue, -1, 0, int.MaxValue]);
        Same<long>("BIGINT", [long.MinValue, -1, 0, long.MaxValue]);
        Same<Int128>("HUGEINT", [Int128.MinValue, -1, 0, long.MaxValue, Int128.MaxValue]);
    }

    [Fact]
    public void Values_UnsignedIntegers_ComeBackWithTheirExtremes()
    {
        Same<byte>("UTINYINT", [0, 1, byte.MaxValue]);
        Same<ushort>("USMALLINT", [0, 1, ushort.MaxValue]);
        Same<uint>("UINTEGER", [0, 1, uint.MaxValue]);
        Same<ulong>("UBIGINT", [0, 1, ulong.MaxValue]);
        Same<UInt128>("UHUGEINT", [0, ulong.MaxValue, UInt128.MaxValue]);
    }

    [Fact]
    public void Values_FloatingPoint_ComeBackBitForBit()
    {
        Same<float>("FLOAT", [0, -0f, float.Epsilon, float.MinValue, float.MaxValue, float.NaN, float.NegativeInfinity]);
        Same<double>("DOUBLE", [0, -0d, double.Epsilon, double.MinValue, double.MaxValue, double.NaN, double.PositiveInfinity]);
    }

    [Fact]
    public void Values_Times_ComeBackInTheirUnits()
    {
        Same<int>("DATE", [-719_528, 0, 20_000, int.MaxValue]);
        Same<long>("TIME", [0, 86_399_999_999]);
        foreach (var type in new[] { "TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS" })
            Same<long>(type, [-1, 0, 1_700_000_000_123_456]);
        Same<DuckDbInterval>("INTERVAL", [new(0, 0, 0), new(-13, 40, 123_456_789_012)]);
    }

    [Fact]
    public void Values_TimesFromSql_AreMicrosecondsAndDaysSince1970()
    {
        Assert.Equal(86_400_000_001, Scalar<long>("SELECT TIMESTAMP '1970-01-02 00:00:00.000001'"));
        Assert.Equal(-1, Scalar<int>("SELECT DATE '1969-12-31'"));
        Assert.Equal(3_600_000_000, Scalar<long>("SELECT TIME '01:00:00'"));
        Assert.Equal(1_000, Scalar<long>("SELECT TIMESTAMP_MS '1970-01-01 00:00:01'"));
        Assert.Equal(
            new DuckDbInterval(14, 3, 5_000_000), Scalar<DuckDbInterval>("SELECT INTERVAL '1 year 2 months 3 days 5 seconds'"));
    }

    [Theory]
    [InlineData("1.5", "DECIMAL(4,1)")]
    [InlineData("-123456.78", "DECIMAL(9,2)")]
    [InlineData("0.000001", "DECIMAL(18,6)")]
    [InlineData("-12345678901234567890.5", "DECIMAL(38,1)")]
    [InlineData("79228162514264337593543950335", "DECIMAL(38,0)")]
    [InlineData("0.0000000000", "DECIMAL(10,10)")]
    public void GetDecimal_EachStorage_IsExact(string text, string type)
    {
        using var result = Connection.Query($"SELECT unnest(['{text}'::{type}, NULL])", None);
        var column = result.NextChunk(None)![0];
        Assert.Equal(type, column.Type.ToString().ToUpperInvariant());
        Assert.Equal(decimal.Parse(text, CultureInfo.InvariantCulture), column.GetDecimal(0));
        Assert.Equal(text, column.GetDecimal(0)!.Value.ToString(CultureInfo.InvariantCulture));
        Assert.Null(column.GetDecimal(1));
    }

    [Fact]
    public void GetDecimal_MoreDigitsThanDecimalHolds_Overflows()
    {
        using var result = Connection.Query("SELECT 99999999999999999999999999999999999999::DECIMAL(38,0)", None);
        var column = result.NextChunk(None)![0];
        Assert.Throws<OverflowException>(() => column.GetDecimal(0));
        Assert.Equal(Int128.Parse(new string('9', 38), CultureInfo.InvariantCulture), column.Values<Int128>()[0]);
    }

    [Fact]
    public void GetString_InlineLongUnicodeEmptyAndNull_ComeBack()
    {
        string?[] texts = ["", "a", "twelve bytes", "thirteen byte", "zero\0inside", "Zürich ☀ 温度 𝛑", new('x', 100_000), null];
        Connection.Execute("CREATE TABLE texts (v VARCHAR)", None);
        using var insert = Connection.Prepare("INSERT INTO texts VALUES (?)", None);
        using var appender = Connection.CreateAppender(null, "texts");
        foreach (var text in texts)
        {
            insert.Bind(1, text);
            Assert.Equal(1, insert.Execute(None));
            appender.Append(text);
            appender.EndRow();
        }
        foreach (var text in texts)
        {
            if (text is null) appender.AppendNull();
            else appender.AppendUtf8(Encoding.UTF8.GetBytes(text));
            appender.EndRow();
        }
        appender.Close(None);

        Assert.Equal([.. texts, .. texts, .. texts], Texts("SELECT v FROM texts"));
        Assert.Equal(12, Scalar<long>("SELECT length(v) FROM texts WHERE v LIKE 'twelve%' LIMIT 1"));
        using var result = Connection.Query("SELECT v FROM texts LIMIT 1 OFFSET 3", None);
        Assert.True("thirteen byte"u8.SequenceEqual(result.NextChunk(None)![0].GetUtf8(0)));
    }

    [Fact]
    public void GetBlob_BoundAndAppended_ComeBack()
    {
        byte[][] blobs = [[], [0], [0xFF, 0xFE, 0, 1], [.. Enumerable.Range(0, 5_000).Select(i => (byte)i)]];
        Connection.Execute("CREATE TABLE blobs (v BLOB)", None);
        using var insert = Connection.Prepare("INSERT INTO blobs VALUES ($1)", None);
        using var appender = Connection.CreateAppender(null, "blobs");
        foreach (var blob in blobs)
        {
            insert.Bind(1, blob.AsSpan());
            insert.Execute(None);
            appender.AppendBlob(blob);
            appender.EndRow();
        }
        appender.Close(None);

        using var result = Connection.Query("SELECT v FROM blobs", None);
        var column = result.NextChunk(None)![0];
        for (var row = 0; row < 2 * blobs.Length; row++) Assert.Equal(blobs[row % blobs.Length], column.GetBlob(row).ToArray());
    }

    [Fact]
    public void GetList_NestedNullAndEmpty_ComeBack()
    {
        foreach (var streaming in new[] { false, true })
        {
            const string Sql = """
                SELECT *
                FROM (VALUES (1, [1, 2, NULL], [['a'], ['a longer text than 12', NULL]]), (2, [], []), (3, NULL, NULL), (4, [4], [[]]))
                ORDER BY 1
                """;
            using var result = streaming ? Connection.QueryStreaming(Sql, None) : Connection.Query(Sql, None);
            Assert.Equal("Integer[]", result.Columns[1].Type.ToString());
            Assert.Equal("Varchar[][]", result.Columns[2].Type.ToString());
            var chunk = result.NextChunk(None)!;
            var (numbers, texts) = (chunk[1], chunk[2]);

            Assert.Equal([1, 2], numbers.GetList<int>(0)[..2].ToArray());
            Assert.True(numbers.Child.IsNull(2));
            Assert.True(numbers.GetList<int>(1).IsEmpty);
            Assert.True(numbers.IsNull(2));
            Assert.Throws<InvalidOperationException>(() => numbers.GetList<int>(2).Length);
            Assert.Equal([4], numbers.GetList<int>(3).ToArray());

            var inner = texts.GetList<DuckDbListEntry>(0).ToArray();
            Assert.Equal(2, inner.Length);
            Assert.Equal("a longer text than 12", texts.Child.Child.GetString((int)inner[1].Offset));
            Assert.Null(texts.Child.Child.GetString((int)inner[1].Offset + 1));
        }
    }

    [Fact]
    public void GetString_Enum_IsItsText()
    {
        Connection.Execute("CREATE TYPE lane AS ENUM ('raw', 'parsed', 'a rather long name')", None);
        Assert.Equal(
            ["parsed", null, "a rather long name"], Texts("SELECT unnest(['parsed', NULL, 'a rather long name']::lane[])"));
    }

    /// <summary>Each value and NULL, by appender and back, and unchanged through DuckDB's own copy of the table.</summary>
    private void Same<T>(string type, T[] values)
        where T : unmanaged
    {
        Connection.Execute($"CREATE OR REPLACE TABLE same (v {type})", None);
        using (var appender = Connection.CreateAppender(null, "same"))
        {
            foreach (var value in values)
            {
                appender.Append(value);
                appender.EndRow();
                appender.Append((T?)null);
                appender.EndRow();
            }
            appender.Close(None);
        }
        Connection.Execute("CREATE OR REPLACE TABLE copied AS SELECT v FROM same", None);

        Assert.Equal(values.SelectMany(value => new T?[] { value, null }), Column<T>("SELECT v FROM copied"));
    }
}
