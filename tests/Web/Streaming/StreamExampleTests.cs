using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using SensorDash.Tests.Support;
using SensorDash.Web.Tests.Api;
using static SensorDash.Web.Tests.Streaming.StreamedEvents;

namespace SensorDash.Web.Tests.Streaming;

/// <summary>The documented clients against the program: they reconnect with their token, and prove that they have missed nothing.</summary>
public sealed class StreamExampleTests : ApiTests
{
    private const int Events = 600;

    public static TheoryData<string, string> Examples => new() { { "node", "stream.mjs" }, { "python3", "stream.py" } };

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task Example_ReconnectingAllTheTime_ReceivesAllEventsInOrder(string program, string script)
    {
        string token;
        await using (var first = await SseClient.OpenAsync(App.Address, "/api/events/live")) token = (await first.ReadAsync("caughtUp")).Id!;
        using var process = Start(program, script, App.Address.ToString(), "--after", token, "--events", Events.ToString(CultureInfo.InvariantCulture), "--reconnect-every", "3");
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());

        for (var first = 0; first < Events; first += 20) await AddAsync(Client, first, 20);
        await process.WaitForExitAsync().WaitAsync(2 * WaitFor.Limit);

        Assert.True(process.ExitCode == 0, await errors);
        var sequences = (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<JsonElement>(line).GetProperty("sequence").GetInt32());
        Assert.Equal(Enumerable.Range(0, Events), sequences);
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task Example_InvalidQuery_EndsWithTheReason(string program, string script)
    {
        using var process = Start(program, script, App.Address.ToString(), "--query", "lane=raw");
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(2 * WaitFor.Limit);
        Assert.Contains("did you mean lanes?", await errors, StringComparison.Ordinal);
        Assert.Equal(1, process.ExitCode);
    }

    private static Process Start(string program, string script, params string[] arguments) => Process.Start(
        new ProcessStartInfo(program, [Path.Combine(Repository.Root, "docs", "examples", script), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
}
