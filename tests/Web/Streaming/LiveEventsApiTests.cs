using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Streaming;

public sealed class LiveEventsApiTests : IAsyncLifetime
{
    private readonly SensorDashApp _app = new();
    private HttpClient _client = null!;

    public Task InitializeAsync()
    {
        _client = _app.CreateClient();
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task Live_PostedEvents_ArriveOnceInOrderWithTokensThatFollowEachOther()
    {
        await PostAsync(0, 3);
        await using var stream = await OpenAsync();
        var position = (await stream.ReadAsync("caughtUp")).Data.GetProperty("position").GetInt64();
        await PostAsync(3, 5);
        await PostAsync(8, 2);

        var sequences = new List<long>();
        while (sequences.Count < 7)
        {
            var chunk = await stream.ReadAsync("events");
            Assert.Equal(position, chunk.Data.GetProperty("prev").GetInt64());
            position = chunk.Data.GetProperty("position").GetInt64();
            Assert.Equal(position, SseClient.PositionOf(chunk.Id!));
            sequences.AddRange(SequencesOf(chunk));
        }

        Assert.Equal([3, 4, 5, 6, 7, 8, 9], sequences);
        Assert.Equal(("text/event-stream", "no-store"), (stream.Response.Content.Headers.ContentType!.MediaType, stream.Response.Headers.CacheControl!.ToString()));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Live_AfterAToken_GoesOnThereAndCatchesUp(bool byHeader)
    {
        string token;
        await using (var first = await OpenAsync())
        {
            token = (await first.ReadAsync("caughtUp")).Id!;
        }
        await PostAsync(0, 2500);

        await using var stream = await (byHeader ? OpenAsync("", token) : OpenAsync("?after=" + token));

        var (sequences, position) = (new List<long>(), SseClient.PositionOf(token));
        while (await stream.TryReadAsync() is { Event: "events" } chunk)
        {
            Assert.Equal(position, chunk.Data.GetProperty("prev").GetInt64());
            position = chunk.Data.GetProperty("position").GetInt64();
            sequences.AddRange(SequencesOf(chunk));
        }
        Assert.Equal(Enumerable.Range(0, 2500).Select(i => (long)i), sequences);
    }

    [Fact]
    public async Task Live_Filter_SelectsAndPositionsMoveWithoutMatches()
    {
        await using var stream = await OpenAsync("?lanes=raw&connectionId=other");
        var position = (await stream.ReadAsync("caughtUp")).Data.GetProperty("position").GetInt64();
        await PostAsync(0, 4);
        await PostAsync(4, 1, "other");

        var chunk = await stream.ReadAsync("events");

        Assert.Equal([4], SequencesOf(chunk));
        Assert.Equal(position, chunk.Data.GetProperty("prev").GetInt64());
        Assert.True(chunk.Data.GetProperty("position").GetInt64() >= position + 4);
    }

    [Fact]
    public async Task Live_WithoutMatches_SendsItsPositionEvery15Seconds()
    {
        await using var stream = await OpenAsync("?lanes=ui");
        var start = await stream.ReadAsync("caughtUp");
        await PostAsync(0, 4);

        var (first, position) = (SseClient.PositionOf(start.Id!), SseClient.PositionOf(start.Id!));
        while (position == first) // The stream hears of a commit after its sender: a heartbeat may come between them.
        {
            var reading = stream.ReadAsync("events");
            await _app.Clock.AdvanceUntilAsync(TimeSpan.FromSeconds(15), "a heartbeat", () => Task.FromResult(reading.IsCompleted));
            var beat = await reading;
            Assert.Equal(0, beat.Data.GetProperty("events").GetArrayLength());
            Assert.Equal(position, beat.Data.GetProperty("prev").GetInt64());
            position = SseClient.PositionOf(beat.Id!);
        }
        Assert.True(position > first);
    }

    [Theory]
    [InlineData("00000000.1", false)]
    [InlineData(null, true)]
    public async Task Live_TokenOfAnotherHistory_IsReset(string? token, bool isAbove)
    {
        await PostAsync(0, 1);
        string own;
        await using (var first = await OpenAsync())
        {
            own = (await first.ReadAsync("caughtUp")).Id!;
        }
        token ??= string.Create(CultureInfo.InvariantCulture, $"{own.Split('.')[0]}.{SseClient.PositionOf(own) + 1}");

        await using var stream = await OpenAsync("?after=" + token);

        var reset = await stream.ReadAsync("reset");
        Assert.Equal(own, reset.Id);
        Assert.Equal(own.Split('.')[0], reset.Data.GetProperty("epoch").GetString());
        Assert.Equal(SseClient.PositionOf(own), reset.Data.GetProperty("newest").GetInt64());
        Assert.Equal(isAbove, token.StartsWith(own.Split('.')[0], StringComparison.Ordinal));
        await stream.ReadAsync("caughtUp");
        await PostAsync(1, 1);
        Assert.Equal([1], SequencesOf(await stream.ReadAsync("events")));
    }

    [Theory]
    [InlineData("?after=nonsense", "after")]
    [InlineData("?after=0a1b2c3d", "after")]
    [InlineData("?after=0A1B2C3D.5", "after")]
    [InlineData("?lane=raw", "lanes")]
    [InlineData("?lanes=raw&viewId=x", "viewId")]
    [InlineData("?from=0", "from")]
    public async Task Live_InvalidParameter_Is400(string query, string named)
    {
        using var response = await _client.GetAsync(new Uri("/api/events/live" + query, UriKind.Relative));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(named, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Live_ProgramStops_StreamEnds()
    {
        await using var stream = await OpenAsync();
        await stream.ReadAsync("caughtUp");

        var stop = _app.Services.GetRequiredService<IHostApplicationLifetime>();
        stop.StopApplication();

        Assert.Null(await stream.TryReadAsync());
    }

    private Task<SseClient> OpenAsync(string query = "", string? lastEventId = null) => SseClient.OpenAsync(_app.Address, "/api/events/live" + query, lastEventId);

    private async Task PostAsync(int first, int count, string connection = "c")
    {
        var events = Enumerable.Range(first, count).Select(i => new
        {
            lane = "raw",
            scopeId = "s",
            sourceTruthTime = "2026-07-01T11:00:00Z",
            connectionId = connection,
            sequence = i,
            bytes = Convert.ToBase64String(BitConverter.GetBytes(i)),
        });
        using var response = await _client.PostAsJsonAsync("/api/events", events);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private static IEnumerable<long> SequencesOf(SseMessage chunk) => chunk.Data.GetProperty("events").EnumerateArray().Select(e => e.GetProperty("sequence").GetInt64());
}
