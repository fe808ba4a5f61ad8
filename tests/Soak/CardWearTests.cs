using System.Net;
using System.Text;
using System.Text.Json;
using SensorDash.Tests.Support;
using Xunit.Abstractions;

namespace SensorDash.Soak.Tests;

/// <summary>What a day of twenty nodes writes to the memory card in the SdSaver profile.</summary>
public sealed class CardWearTests(ITestOutputHelper output)
{
    private const int CommitsPerDay = 24 * 60;
    private const int DaysKept = 6;
    private const int ReadingsPerCommit = PiHub.Nodes * 60 / PiHub.Spacing;
    private const double MaxBytesPerDay = 1e8;

    private static readonly int _commits = SoakSize.Choose(quick: CommitsPerDay / 16, full: CommitsPerDay);

    [Fact]
    public async Task ADayOfCommits_WithRetentionOfADay_WritesAtMostATenthOfAGigabyte()
    {
        using var folder = new TemporaryFolder(isOnDisk: true); // Of a file in memory nothing counts as written.
        var path = folder.File("hub.db");
        var last = await PiHub.FillAsync(SensorDashProcess.Program[1], path, SoakSize.Choose(quick: 20_000, full: PiHub.Nodes * 2_880 * DaysKept), ("Ingest__Durability", "SdSaver"), ("Analytics__Enabled", "true"));
        // The commits of a day one after another: with Normal each request is one, of the same pages.
        await using var server = await SensorDashProcess.StartAsync(path,
            [.. PiHub.Settings(), ("Ingest__Durability", "Normal"), .. SoakSize.IsFull ? [("Retention__Readings__Default", $"{DaysKept}")] : Array.Empty<(string, string)>()]);
        if (SoakSize.IsFull) await WaitFor.TrueAsync("retention ran", async () => (await server.Client.GetStringAsync("/metrics")).Contains("removed_rows_total{kind=\"readings\"}", StringComparison.Ordinal));
        var before = SoakSize.IsFull ? 0 : PiHub.Written(server); // Of a sixteenth of a day the start would be half.
        for (var commit = 0; commit < _commits; commit++)
        {
            var body = string.Join('\n', Enumerable.Range(0, ReadingsPerCommit).Select(n => PiHub.Line((n % PiHub.Nodes) + 1, last + (60 * commit) + (PiHub.Spacing * ((n / PiHub.Nodes) + 1)))));
            using var content = new StringContent(body, Encoding.ASCII, "application/x-ndjson");
            using var answer = await server.Client.PostAsync(new Uri("/api/sensor-data", UriKind.Relative), content);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal(ReadingsPerCommit, JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("inserted").GetInt32());
        }
        await PiHub.ReadyAsync(server.Client);

        var written = PiHub.Written(server) - before;
        output.WriteLine(FormattableString.Invariant($"{_commits} commits of {ReadingsPerCommit} readings: {written / 1e6:0.0} MB"));
        Assert.InRange(written, 1, MaxBytesPerDay * _commits / CommitsPerDay);
        await server.TerminateAsync();
    }
}
