using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using SensorDash.Tests.Support;
using Xunit.Abstractions;

namespace SensorDash.Soak.Tests;

/// <summary>The published program in 128 MiB, with the settings of docs/raspberry-pi.md: a million readings, nodes that post, every page and export.</summary>
public sealed class MemoryLimitTests(ITestOutputHelper output)
{
    private const int LimitMiB = 128;
    private const int Nodes = PiHub.Nodes;
    private const int Spacing = PiHub.Spacing; // Posted each second, thirty times as fast.

    private static readonly int _readings = SoakSize.Choose(quick: 60_000, full: 1_000_000);

    private static readonly string[] _pages =
    [
        "/", "/nodes/7", "/nodes/7?range=30d", "/zones", "/export", "/analytics", "/analytics?range=30d&whole=1", "/analytics?range=30d&whole=1&view=table",
        "/api/quality", "/api/nodes/7/statistics", "/api/nodes/7/statistics/daily?tz=Europe/Paris", "/api/sensor-data?limit=10000", "/metrics",
        "/api/sensor-data/export?resolution=hourly", "/api/sensor-data/export?node_address=7", "/api/sensor-data/export",
    ];

    // In short: the program as it was built, fewer readings, and where no group can be made only its memory is looked at.
    [SkippableFact]
    public async Task Run_In128MiBWithAMillionReadings_LivesAndNothingIsKilled()
    {
        var (group, obstacle) = MemoryLimitGroup.Create(LimitMiB);
        Skip.If(group is null && SoakSize.IsFull, obstacle);
        using var folder = new TemporaryFolder(isOnDisk: true);
        try
        {
            var program = await PiHub.ProgramAsync(folder);
            var last = await PiHub.FillAsync(program, folder.File("hub.db"), _readings, ("Ingest__Durability", "SdSaver"));
            File.Delete(folder.File("hub.duckdb")); // To be filled again within the limit.
            await RunAsync(group, program, folder.File("hub.db"), last);
        }
        finally
        {
            // Also when a request failed because the program was no more.
            output.WriteLine(group is null ? "without a group" : FormattableString.Invariant($"counted at most {group.PeakMiB:0} of {LimitMiB} MiB, {group.Kills} killed"));
            group?.Dispose();
        }
    }

    private async Task RunAsync(MemoryLimitGroup? group, string program, string path, long last)
    {
        // The shell joins the group and then becomes the program.
        string[] command = group is null ? ["dotnet", program] : ["/bin/sh", "-c", $"echo $$ > {group.Processes} && exec dotnet \"$0\" \"$@\"", program];
        await using var server = await SensorDashProcess.StartAsync(command, path, [.. PiHub.Settings(), ("Ingest__SdSaverInterval", "00:00:01")]); // As often as nodes send here.
        var (sampling, most) = (new CancellationTokenSource(), 0.0);
        var sample = Task.Run(async () =>
        {
            while (!sampling.IsCancellationRequested && server.IsRunning)
            {
                most = Math.Max(most, server.Memory().Anonymous);
                await Task.Delay(100);
            }
        });
        await PiHub.ReadyAsync(server.Client);
        output.WriteLine(FormattableString.Invariant($"filled: anonymous {server.Memory().Anonymous:0} MiB, at most {most:0}"));
        most = 0;

        var posting = PostAsync(server.Client, last, sampling.Token);
        foreach (var page in _pages)
        {
            var watch = Stopwatch.StartNew();
            using var answer = await server.Client.GetAsync(new Uri(page, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
            await using var body = await answer.Content.ReadAsStreamAsync();
            await body.CopyToAsync(Stream.Null);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            output.WriteLine(FormattableString.Invariant($"{watch.ElapsedMilliseconds,6} ms, anonymous {server.Memory().Anonymous:0} MiB after {page}"));
        }
        await Task.Delay(TimeSpan.FromSeconds(SoakSize.Choose(quick: 2, full: 20)));
        await sampling.CancelAsync();
        var posted = await posting;
        await sample;
        await PiHub.ReadyAsync(server.Client);

        output.WriteLine(FormattableString.Invariant($"anonymous at most {most:0} MiB, resident at most {server.Memory().Peak:0} MiB; {posted} readings posted meanwhile"));
        Assert.True(server.IsRunning);
        Assert.Equal(0, group?.Kills ?? 0);
        Assert.True(most < LimitMiB);
        Assert.True(posted >= Nodes * SoakSize.Choose(quick: 1, full: 4));
        await WaitFor.TrueAsync("every reading is there", async () =>
        {
            using var list = JsonDocument.Parse(await server.Client.GetStringAsync(new Uri("/api/sensor-data?limit=1", UriKind.Relative)));
            return list.RootElement.GetProperty("total").GetInt64() == _readings + posted;
        });
        await server.KillAsync();
    }

    private static async Task<int> PostAsync(HttpClient client, long last, CancellationToken stop)
    {
        var posted = 0;
        for (var time = last + Spacing; !stop.IsCancellationRequested; time += Spacing)
        {
            await Task.WhenAll(Enumerable.Range(1, Nodes).Select(async node =>
            {
                using var content = new StringContent(PiHub.Line(node, time), Encoding.ASCII, "application/json");
                using var answer = await client.PostAsync(new Uri("/api/sensor-data", UriKind.Relative), content, CancellationToken.None);
                Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
                Interlocked.Increment(ref posted);
            }));
            await Task.Delay(TimeSpan.FromSeconds(1), CancellationToken.None);
        }
        return posted;
    }
}
