using System.Net;
using System.Text;
using System.Text.Json;
using SensorDash.Tests.Support;
using Xunit.Abstractions;

namespace SensorDash.Soak.Tests;

/// <summary>A week of twenty nodes in 128 MiB, with retention and a backup while they go on sending.</summary>
public sealed class PiScenarioTests(ITestOutputHelper output)
{
    private const int LimitMiB = 128;

    private static readonly int _readings = SoakSize.Choose(quick: 20_000, full: 20 * 2_880 * 7);
    private static readonly TimeSpan _duration = TimeSpan.FromMinutes(SoakSize.Choose(quick: 0, full: 20));
    private static readonly TimeSpan _spacing = TimeSpan.FromSeconds(SoakSize.Choose(quick: 1, full: PiHub.Spacing));

    public static TheoryData<string> Durabilities => SoakSize.IsFull ? ["SdSaver", "Full"] : ["SdSaver"];

    [SkippableTheory]
    [MemberData(nameof(Durabilities))]
    public async Task Run_AWeekWithRetentionAndABackup_LivesIn128MiB(string durability)
    {
        var (group, obstacle) = MemoryLimitGroup.Create(LimitMiB);
        Skip.If(group is null && SoakSize.IsFull, obstacle);
        using var folder = new TemporaryFolder(isOnDisk: true);
        try
        {
            var program = await PiHub.ProgramAsync(folder);
            await PiHub.FillAsync(program, folder.File("hub.db"), _readings, ("Ingest__Durability", durability));
            await RunAsync(group, program, folder, durability);
        }
        finally
        {
            output.WriteLine(group is null ? "without a group" : FormattableString.Invariant($"counted at most {group.PeakMiB:0} of {LimitMiB} MiB, {group.Kills} killed"));
            group?.Dispose();
        }
    }

    private async Task RunAsync(MemoryLimitGroup? group, string program, TemporaryFolder folder, string durability)
    {
        string[] command = group is null ? ["dotnet", program] : ["/bin/sh", "-c", $"echo $$ > {group.Processes} && exec dotnet \"$0\" \"$@\"", program];
        await using var server = await SensorDashProcess.StartAsync(command, folder.File("hub.db"),
            [.. PiHub.Settings(), ("Ingest__Durability", durability), ("Retention__Readings__Default", "6"), ("Backup__Folder", folder.File("backups"))]);
        await PiHub.ReadyAsync(server.Client);
        var posted = await PostAsync(server.Client, _duration / 2);

        var ofBackup = PiHub.Written(server);
        using (var backup = await server.Client.PostAsync(new Uri("/api/backups", UriKind.Relative), null)) Assert.True(backup.IsSuccessStatusCode, $"{backup.StatusCode}");
        var sending = PostAsync(server.Client, _duration / 2);
        await WaitFor.TrueAsync("the backup is there", async () =>
        {
            using var list = JsonDocument.Parse(await server.Client.GetStringAsync(new Uri("/api/backups", UriKind.Relative)));
            return list.RootElement.GetProperty("backups").GetArrayLength() == 1;
        });
        ofBackup = PiHub.Written(server) - ofBackup;
        posted += await sending;

        var memory = server.Memory();
        output.WriteLine(FormattableString.Invariant($"{durability}: {posted} readings posted, {ofBackup / 1e6:0.0} MB for a backup; anonymous {memory.Anonymous:0} MiB, resident at most {memory.Peak:0} MiB"));
        Assert.True(server.IsRunning);
        Assert.Equal(0, group?.Kills ?? 0);
        await server.TerminateAsync();
    }

    // At least two rounds.
    private static async Task<int> PostAsync(HttpClient client, TimeSpan duration)
    {
        var (posted, since) = (0, TimeProvider.System.GetTimestamp());
        do
        {
            var time = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
            for (var node = 1; node <= PiHub.Nodes; node++)
            {
                using var content = new StringContent(PiHub.Line(node, time), Encoding.ASCII, "application/json");
                using var answer = await client.PostAsync(new Uri("/api/sensor-data", UriKind.Relative), content);
                Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Accepted, $"{answer.StatusCode}");
                posted++;
            }
            await Task.Delay(_spacing);
        }
        while (TimeProvider.System.GetElapsedTime(since) < duration);
        return posted;
    }
}
