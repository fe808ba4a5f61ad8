using System.Globalization;
using System.Net;
using System.Net.Sockets;
using SensorDash.Data.DuckDb;

namespace SensorDash.Data.Tests.DuckDb;

/// <summary>DuckDB neither downloads extensions nor loads native code, whatever SQL asks for.</summary>
public sealed class DuckDbExtensionTests : DuckDbTest
{
    private readonly TcpListener _repository = new(IPAddress.Loopback, 0);

    public DuckDbExtensionTests() => _repository.Start();

    public override void Dispose()
    {
        _repository.Dispose();
        base.Dispose();
    }

    [Theory]
    [InlineData("SET custom_extension_repository = '{0}'; INSTALL spatial")]
    [InlineData("INSTALL spatial FROM '{0}'")]
    [InlineData("INSTALL httpfs")]
    [InlineData("LOAD httpfs")]
    [InlineData("LOAD '{1}'")]
    [InlineData("SELECT * FROM read_csv('{0}/x.csv')")]
    [InlineData("SELECT * FROM '{0}/x.parquet'")]
    [InlineData("SELECT * FROM read_text('/etc/hostname')")]
    [InlineData("ATTACH '{0}/x.duckdb' AS other")]
    [InlineData("ATTACH 'host=127.0.0.1' AS other (TYPE postgres)")]
    [InlineData("SELECT ST_Point(1, 2)")]
    [InlineData("SET autoinstall_known_extensions = true; SET custom_extension_repository = '{0}'; SELECT ST_Point(1, 2)")]
    [InlineData("SET autoload_known_extensions = true; SELECT ST_Point(1, 2)")]
    [InlineData("SET allow_unsigned_extensions = true; LOAD '{1}'")]
    [InlineData("SET enable_external_access = true; INSTALL spatial FROM '{0}'")]
    public async Task Execute_AnythingThatNeedsAnExtensionOrAServer_FailsAndContactsNobody(string sql)
    {
        var extension = Path.Combine(Path.GetDirectoryName(File)!, "x.duckdb_extension");
        await System.IO.File.WriteAllTextAsync(extension, "not native code");
        var connecting = _repository.AcceptTcpClientAsync();
        var address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)_repository.LocalEndpoint).Port}");

        var error = Assert.Throws<DuckDbException>(() => Execute(string.Format(CultureInfo.InvariantCulture, sql, address, extension)));

        if (sql.StartsWith("LOAD '", StringComparison.Ordinal)) Assert.Contains("Permission Error", error.Message, StringComparison.Ordinal); // Not because of what the file holds.
        // A connection attempt would have ended before the statement failed.
        Assert.False(connecting.IsCompleted);
        Assert.Equal(1, Scalar<int>("SELECT 1"));
    }
}
