using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Api.InfluxClients;

/// <summary>Clients of InfluxDB, unchanged, against the program. Without Debian's client for Python its test is skipped on a laptop and fails in CI.</summary>
public sealed class InfluxClientTests : ApiTests
{
    private const string Python = "/usr/bin/python3"; // Debian's, which has Debian's packages.

    [Fact]
    public async Task Influx1ForNode_ChecksTheServerAndWrites()
    {
        var seen = await RunAsync("node", "influx1.mjs", App.Address.Host, Port);

        Assert.True(seen.GetProperty("online").GetBoolean());
        Assert.Contains("sensordash", seen.GetProperty("databases").EnumerateArray().Select(d => d.GetString()));
        Assert.Contains("node must be", seen.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal([(11, Noon, 2150, 4020), (11, Noon + 30, -325, null), (12, Noon, null, (short?)9999)], await StoredAsync());
    }

    [Fact]
    public async Task Influx2ForNode_ChecksHealthAndWritesCompressedBatches()
    {
        var seen = await RunAsync("node", "influx2.mjs", App.Address.ToString());

        Assert.Equal("pass", seen.GetProperty("status").GetString());
        Assert.StartsWith("400 invalid: line 2: the tag node must be", seen.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(
            [.. Enumerable.Range(0, 1200).Select(i => (21, Noon + i, (short?)(2000 + i), (short?)i)), (22, Noon, (short?)100, (short?)null)], await StoredAsync());
    }

    [SkippableFact]
    public async Task InfluxForPython_ChecksTheServerAndWritesCompressedBatches()
    {
        Skip.If(Environment.GetEnvironmentVariable("CI") is null && !Directory.Exists("/usr/lib/python3/dist-packages/influxdb"), "Debian's python3-influxdb is not installed.");

        var seen = await RunAsync(Python, "influx.py", App.Address.Host, Port);

        Assert.Equal("1.8.10", seen.GetProperty("version").GetString());
        Assert.Contains("sensordash", seen.GetProperty("databases").EnumerateArray().Select(d => d.GetString()));
        Assert.StartsWith("400", seen.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Contains("node must be", seen.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(
            [.. Enumerable.Range(0, 250).Select(i => (31, Noon + i, (short?)(2000 + i), (short?)5050)), (32, Noon, (short?)125, (short?)null)], await StoredAsync());
    }

    private string Port => App.Address.Port.ToString(CultureInfo.InvariantCulture);

    private static async Task<JsonElement> RunAsync(string program, string script, params string[] server)
    {
        var path = Path.Combine(Repository.Root, "tests", "Web", "Api", "InfluxClients", script);
        var start = new ProcessStartInfo(program, [path, .. server, Noon.ToString(CultureInfo.InvariantCulture)]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(2 * WaitFor.Limit);
        Assert.True(process.ExitCode == 0, await errors);
        return JsonSerializer.Deserialize<JsonElement>(await output);
    }

    private async Task<IEnumerable<(int, long, short?, short?)>> StoredAsync()
        => (await App.Store.AllAsync()).OrderBy(r => r.NodeAddress).ThenBy(r => r.Timestamp)
            .Select(r => (r.NodeAddress, r.Timestamp, r.TemperatureCentidegrees, r.HumidityCentipercent));
}
