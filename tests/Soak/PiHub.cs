using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using SensorDash.Tests.Support;

namespace SensorDash.Soak.Tests;

/// <summary>A hub as on a small machine: twenty nodes that send every half minute, and the settings of docs/raspberry-pi.md.</summary>
internal static class PiHub
{
    public const int Nodes = 20;

    /// <summary>Seconds between two readings of a node.</summary>
    public const int Spacing = 30;

    // Without a limit, and up to a day ago, so that what is posted later is never ahead of the clock.
    public static async Task<long> FillAsync(string program, string path, int readings, params (string Name, string Value)[] settings)
    {
        var last = (TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - 86_400) / Spacing * Spacing;
        await using var server = await SensorDashProcess.StartAsync(["dotnet", program], path, [("Analytics__Enabled", "false"), .. settings]);
        foreach (var block in Enumerable.Range(0, readings / Nodes).Chunk(1_000))
        {
            var body = new StringBuilder();
            foreach (var step in block)
                for (var node = 1; node <= Nodes; node++) body.Append(Line(node, last - ((long)((readings / Nodes) - 1 - step) * Spacing))).Append('\n');
            using var content = new StringContent(body.ToString(), Encoding.ASCII, "application/x-ndjson");
            using var answer = await server.Client.PostAsync(new Uri("/api/sensor-data?ack=durable", UriKind.Relative), content);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
        return last;
    }

    /// <summary>The program: at full size as people publish it.</summary>
    public static async Task<string> ProgramAsync(TemporaryFolder folder) => SoakSize.IsFull ? await PublishAsync(folder.File("published")) : SensorDashProcess.Program[1];

    private static async Task<string> PublishAsync(string folder)
    {
        using var publish = Process.Start("dotnet", ["publish", Path.Combine(Repository.Root, "src", "Web"), "-c", "Release", "-p:UseAppHost=false", "-o", folder, "-v", "quiet"])!;
        await publish.WaitForExitAsync();
        Assert.Equal(0, publish.ExitCode);
        return Path.Combine(folder, "SensorDash.Web.dll");
    }

    // The very lines that the page tells people to set.
    public static (string Name, string Value)[] Settings()
    {
        var page = File.ReadAllLines(Path.Combine(Repository.Root, "docs", "raspberry-pi.md"));
        var settings = page.SkipWhile(line => line != "## Settings").SkipWhile(line => line != "```sh").Skip(1).TakeWhile(line => line != "```")
            .Select(line => line.Split('#')[0].Trim().Split('=')).Select(pair => (pair[0], pair[1])).ToArray();
        Assert.Contains(settings, setting => setting.Item1 == "Analytics__MemoryLimitMiB");
        return settings;
    }

    public static async Task ReadyAsync(HttpClient client)
    {
        while (true)
        {
            using var status = JsonDocument.Parse(await client.GetStringAsync(new Uri("/api/system/analytics", UriKind.Relative)));
            Assert.NotEqual("failed", status.RootElement.GetProperty("state").GetString());
            if (status.RootElement.GetProperty("state").GetString() == "ready" && status.RootElement.GetProperty("lag_rows").GetInt64() == 0) return;
            await Task.Delay(200);
        }
    }

    /// <summary>Bytes that reached the disk, or are on their way.</summary>
    public static long Written(SensorDashProcess server) => long.Parse(
        File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{server.Id}/io")).Single(line => line.StartsWith("write_bytes:", StringComparison.Ordinal)).Split(' ')[1], CultureInfo.InvariantCulture);

    public static string Line(int node, long time) => string.Create(CultureInfo.InvariantCulture,
        $"{{\"node_address\":{node},\"timestamp\":{time},\"temperature_centidegrees\":{2000 + (((time / Spacing) + (node * 37)) % 900)},\"humidity_centipercent\":{4000 + ((time / 7) % 2000)}}}");
}
