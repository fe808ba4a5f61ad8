using SensorDash.Data.Timescale;
using SensorDash.Data.Transfer;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Transfer;

/// <summary>Connections in a command: other users of a machine can read them.</summary>
public sealed class TimescaleConnectionTextTests
{
    [Fact]
    public void Parse_Connection_TakesTheRestFromTheSettings()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("password"), "hush\n");

        var options = TimescaleTransfer.Parse($"Host=db;Port=5433;PasswordFile={folder.File("password")}", new() { Database = "nova", User = "nova" });

        Assert.Equal(("db", 5433, "nova", "nova", "hush"), (options.Host, options.Port, options.Database, options.User, options.Password));
    }

    [Theory]
    [InlineData("Host=db;Password=hush")]
    [InlineData("Host=db;Passwort=hush")]
    [InlineData("hush")]
    [InlineData("Port=hush")]
    public void Parse_PasswordOrUnknownWord_IsRefusedWithoutItsValue(string connection)
    {
        var error = Assert.Throws<TransferException>(() => TimescaleTransfer.Parse(connection, new()));

        Assert.Contains("PasswordFile", error.Message, StringComparison.Ordinal);
        if (connection.Contains('=')) Assert.DoesNotContain("hush", error.Message, StringComparison.Ordinal);
    }
}
