using System.Globalization;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using SensorDash.Tests.Support;
using Xunit.Abstractions;

namespace SensorDash.Faults.Tests.PowerCuts;

/// <summary>A power cut at any moment: of what was not synced anything may be lost or torn, and every acknowledged row is there when the program starts again.</summary>
/// <remarks>PostgreSQL's own files are PostgreSQL's promise.</remarks>
public sealed partial class PowerCutTests(ITestOutputHelper output)
{
    [SkippableTheory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.DuckDb)]
    public async Task PowerCut_AtAnyMoment_EveryAcknowledgedRowIsThere(Engine engine)
    {
        var findings = new Findings(output);
        var runs = new FaultRuns($"power cuts of {engine}", quick: 3, full: 500);
        using var session = await RecordedSession.RunAsync(engine, AttackSize.Choose(quick: 40, full: 600));
        var log = await File.ReadAllBytesAsync(session.LogPath);
        var (disk, changes) = (new RecordedDisk(), Recording.Read(log).GetEnumerator());
        var said = new Dictionary<string, int>();
        foreach (var (number, position) in runs.Left.Select(number => (number, RandomOf(number).NextInt64(session.FirstPosition, log.Length))).OrderBy(cut => cut.Item2))
        {
            while ((changes.Current.Kind == 0 || changes.Current.Position < position) && changes.MoveNext()) disk.Apply(changes.Current);
            using var folder = new TemporaryFolder();
            disk.Cut(RandomOf(number), folder.Path);
            var before = findings.FoundCount;
            var attack = string.Create(CultureInfo.InvariantCulture, $"power cut {number} at {changes.Current.Position} of {log.Length}");
            foreach (var text in await StartAsync(new StoreFiles(engine, folder.Path), attack, findings)) said[text] = said.GetValueOrDefault(text) + 1;
            var (senders, events) = session.AcknowledgedBefore(changes.Current.Position);
            await AcknowledgedRows.CheckAsync(new StoreFiles(engine, folder.Path), senders, events, findings, attack);
            if (findings.FoundCount > before && AttackSize.KeptFolder is { } kept) disk.Cut(RandomOf(number), Path.Combine(kept, $"{engine}-{number}")); // Each recording is another one.
            runs.Done(number, findings);
            findings.Count($"power cuts of {engine}", each: 20);
        }
        foreach (var (text, times) in said) output.WriteLine($"{times} times: {text}");
        findings.AssertNone($"{runs.Summary}, {log.Length >> 20} MiB of changes");

        Random RandomOf(int number) => AttackSize.RandomOf($"power cut of {engine}", number);
    }

    // Starts the program on the files and posts to it; returns what it said about them.
    private static async Task<IEnumerable<string>> StartAsync(StoreFiles files, string attack, Findings findings)
    {
        var app = new SensorDashApp([("Database:Sqlite:Path", files.SqlitePath), .. files.Settings]);
        try
        {
            await using (app)
            {
                using var client = app.CreateClient();
                using var response = await client.PostAsJsonAsync(new Uri("/api/sensor-data", UriKind.Relative), new { node_address = 99, timestamp = app.Clock.UnixSeconds, temperature_celsius = 1 });
                if (!response.IsSuccessStatusCode) findings.Add(attack, $"a reading: {response.StatusCode} {await response.Content.ReadAsStringAsync()}");
                using var ready = await client.GetAsync(new Uri("/health/ready", UriKind.Relative));
                if (!ready.IsSuccessStatusCode) findings.Add(attack, $"not ready: {await ready.Content.ReadAsStringAsync()}");
            }
        }
        catch (Exception e)
        {
            findings.Add(attack, $"it does not start: {e}");
        }
        foreach (var (_, text) in app.Logs.Entries.Where(entry => entry.Level >= LogLevel.Error)) findings.Add(attack, text);
        return app.Logs.Entries.Where(entry => entry.Level == LogLevel.Warning).Select(entry => Digits().Replace(entry.Text.Replace(files.Folder, "", StringComparison.Ordinal), "#"));
    }

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Digits();
}
