using System.Diagnostics;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using SensorDash.Data.Events;
using SensorDash.Tests.Support;

namespace SensorDash.Docs.Tests;

/// <summary>docs/events.md: its examples are sent, its id is computed.</summary>
public sealed partial class EventsPageTests
{
    private static readonly string _page = Repository.Read("docs/events.md");

    [Fact]
    public void Id_OnThePage_IsTheOneOfTheProgram()
    {
        var computed = EventId.Compute("testScope", Lane.Parsed, "stream1", "2026-01-26T10:00:00Z"u8, """{"key1":"value1","key2":"value2","key3":3}"""u8);

        Assert.Equal(computed.ToString(), PrintedId().Match(_page).Groups[1].Value);
    }

    [Fact]
    public async Task PythonExample_PrintsTheIdOnThePage()
    {
        if (FindPython() is not { } python) return; // The id itself is asserted above.
        using var run = Process.Start(new ProcessStartInfo(python, ["-c", Python().Match(_page).Groups[1].Value]) { RedirectStandardOutput = true })!;

        var printed = await run.StandardOutput.ReadToEndAsync();

        Assert.Equal(PrintedId().Match(_page).Groups[1].Value, printed.Trim());
    }

    [Fact]
    public async Task Examples_SentToTheProgram_AreStoredAndAgainAreDuplicates()
    {
        using var folder = new TemporaryFolder();
        await using var server = await SensorDashProcess.StartAsync(Path.Combine(folder.Path, "events.db"));
        var (first, lines) = (CurlBody().Match(_page).Groups[1].Value, Lines().Match(_page).Groups[1].Value);

        Assert.Contains($"`{await SendAsync(server, first, "application/json")}`", _page, StringComparison.Ordinal);
        Assert.StartsWith("{\"inserted\":0,\"duplicates\":1,", await SendAsync(server, first, "application/json"), StringComparison.Ordinal);
        Assert.StartsWith("{\"inserted\":5,\"duplicates\":0,", await SendAsync(server, lines, "application/x-ndjson"), StringComparison.Ordinal);
        Assert.StartsWith("{\"inserted\":0,\"duplicates\":5,", await SendAsync(server, lines, "application/x-ndjson"), StringComparison.Ordinal);

        var found = await server.Client.GetFromJsonAsync<JsonElement>(ReadBack().Match(_page).Groups[1].Value);
        Assert.Equal(1, found.GetProperty("count").GetInt32());
        var lanes = (await server.Client.GetFromJsonAsync<JsonElement>("/api/events")).GetProperty("events").EnumerateArray().Select(e => e.GetProperty("lane").GetString());
        Assert.Equal(Lanes.All.Select(l => l.Name()).Order(), lanes.Distinct().Order());
    }

    private static async Task<string> SendAsync(SensorDashProcess server, string body, string mediaType)
    {
        using var content = new StringContent(body, Encoding.UTF8, mediaType);
        using var answer = await server.Client.PostAsync(new Uri("/api/events", UriKind.Relative), content);
        return await answer.Content.ReadAsStringAsync();
    }

    private static string? FindPython() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, "python3")).FirstOrDefault(File.Exists);

    [GeneratedRegex("It prints `([0-9a-f]{64})`")]
    private static partial Regex PrintedId();

    [GeneratedRegex("```python\n(.+?)\n```", RegexOptions.Singleline)]
    private static partial Regex Python();

    [GeneratedRegex(@"-d '(\{.+?\})'\n```", RegexOptions.Singleline)]
    private static partial Regex CurlBody();

    [GeneratedRegex("```json\n(.+?)\n```", RegexOptions.Singleline)]
    private static partial Regex Lines();

    [GeneratedRegex(@"`curl 'http://127\.0\.0\.1:5080([^']+)'`")]
    private static partial Regex ReadBack();
}
