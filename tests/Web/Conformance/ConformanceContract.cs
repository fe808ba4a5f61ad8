using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace SensorDash.Web.Tests.Conformance;

/// <summary>The same answers on every engine, to the last digit: as the reference gives them, and as they are when worked out by other means.</summary>
public abstract partial class ConformanceContract(Engine engine, SqliteEngine reference)
{
    private readonly Engine _engine = engine.SkipReason is { } reason ? throw new SkipException(reason) : engine;

    public const string Name = "conformance";

    private const string Export = "/api/sensor-data/export";

    public static IEnumerable<object[]> Zones()
        => from zone in (string[])["UTC", "Europe/Paris", "Australia/Lord_Howe", "Asia/Kolkata", "America/St_Johns"] from days in (bool[])[false, true] select (object[])[zone, days];

    [SkippableFact]
    public async Task Answers_OverManyReadings_AreTheReferencesAndComeFromThisEngine()
    {
        var before = await _engine.AnswersAsync();

        foreach (var question in Questions.OverManyReadings()) await AssertSameAsync(question, 200);

        var after = await _engine.AnswersAsync();
        Assert.True(after.ByThis - before.ByThis >= Questions.OverManyReadings().Count());
        Assert.Equal(before.ByOthers, after.ByOthers);
    }

    [SkippableFact]
    public async Task Answers_OverFew_AreTheReferences()
    {
        foreach (var question in Questions.OverFew()) await AssertSameAsync(question, 200);
    }

    [SkippableFact]
    public async Task Answers_ToFaultyQuestions_AreTheReferences()
    {
        foreach (var question in Questions.Faulty()) await AssertSameAsync(question, question.Contains("/99", StringComparison.Ordinal)
            || question.Contains($"/{SentReadings.Removed}", StringComparison.Ordinal) || question.EndsWith("zones/2", StringComparison.Ordinal) || question.EndsWith("/x", StringComparison.Ordinal) ? 404 : 400);
    }

    [SkippableTheory]
    [InlineData("?limit=997", null)]
    [InlineData("?limit=10000&node_address=3", 3)]
    [InlineData("?limit=1999&start_time=1761440399&end_time=1767225601", null)]
    public async Task List_ByCursorToTheEnd_IsEveryReadingSent(string query, int? node)
    {
        var expected = SentReadings.Stored.Where(r => node is null || r.Node == node)
            .Where(r => !query.Contains("time", StringComparison.Ordinal) || r.Time is >= SentReadings.ParisAutumn - 1 and <= SentReadings.YearEnd + 1).ToArray();
        var (seen, cursor) = (new List<string>(), "");
        do
        {
            var page = JsonSerializer.Deserialize<JsonElement>(await TextAsync($"/api/sensor-data{query}{cursor}"));
            Assert.Equal(expected.Length, page.GetProperty("total").GetInt32());
            seen.AddRange(page.GetProperty("readings").EnumerateArray().Select(r => r.GetRawText()));
            cursor = page.GetProperty("next").GetString() is { } next ? "&cursor=" + next : "";
        }
        while (cursor.Length > 0);

        Assert.Equal(expected.Select(Expected.Reading), seen);
    }

    [SkippableFact]
    public async Task List_ByOffsetToTheEnd_IsEveryReadingSent()
    {
        var seen = new List<string>();
        JsonElement page;
        do
        {
            page = JsonSerializer.Deserialize<JsonElement>(await TextAsync($"/api/sensor-data?limit=4000&offset={seen.Count}"));
            seen.AddRange(page.GetProperty("readings").EnumerateArray().Select(r => r.GetRawText()));
        }
        while (page.GetProperty("count").GetInt32() > 0);

        Assert.Equal(SentReadings.Stored.Select(Expected.Reading), seen);
    }

    [SkippableFact]
    public async Task Nodes_Counters_AreARecountOfTheReadingsSent()
    {
        var nodes = JsonSerializer.Deserialize<JsonElement>(await TextAsync("/api/nodes")).GetProperty("nodes").EnumerateArray().Select(n => FormattableString.Invariant(
            $"{n.GetProperty("address")} {n.GetProperty("first_seen_at")} {n.GetProperty("last_seen_at")} {n.GetProperty("total_readings")} {n.GetProperty("latest").GetRawText()}"));

        Assert.Equal(SentReadings.Nodes.Select(node =>
        {
            var own = SentReadings.Stored.Where(r => r.Node == node).ToArray();
            return FormattableString.Invariant($"{node} {own[^1].Time} {own[0].Time} {own.Length} {Expected.Reading(own[0])}");
        }), nodes);
    }

    [SkippableFact]
    public async Task Percentiles_OfEveryNode_AreThoseOfTheSortedList()
    {
        decimal[] percentiles = [0, 0.01m, 1, 5, 33.33m, 50, 66.67m, 95, 99, 99.9m, 99.99m, 100];
        foreach (var node in SentReadings.Nodes)
        {
            foreach (var (query, start, end) in ((string, long, long)[])[("", 0, long.MaxValue), ("&start_time=1761440000&end_time=1767225600", 1_761_440_000, 1_767_225_600)])
            {
                var own = SentReadings.Stored.Where(r => r.Node == node && r.Time >= start && r.Time <= end).ToArray();
                Assert.Equal(
                    $"{{\"address\":{node},\"method\":\"exact\",\"temperature\":{Named(Expected.Celsius(own))},\"humidity\":{Named(Expected.Percent(own))}}}",
                    await TextAsync($"/api/nodes/{node}/percentiles?p={string.Join(',', percentiles.Select(p => p.ToString(CultureInfo.InvariantCulture)))}{query}"));
            }
        }

        string Named(int[] values) => $"{{{string.Join(',', percentiles.Select(p => FormattableString.Invariant($"\"p{p}\":{Expected.Json(Expected.Percentile(values, p))}")))}}}";
    }

    [SkippableTheory]
    [MemberData(nameof(Zones))]
    public async Task Calendar_HoursAndDays_AreWhatTheClocksOfTheZoneShowed(string zone, bool days)
    {
        foreach (var node in (int[])[1, 2, 3, 4, 5, 6, 7, int.MaxValue])
        {
            var buckets = Expected.Buckets(SentReadings.Stored.Where(r => r.Node == node), zone, days).Select(b =>
                $"{{\"bucket_start\":{b.Start},\"bucket_end\":{b.End},\"local_start\":\"{b.LocalStart}\",\"reading_count\":{b.Readings.Count},"
                + $"\"temperature\":{Expected.Values(Expected.Celsius(b.Readings))},\"humidity\":{Expected.Values(Expected.Percent(b.Readings))}}}").ToArray();

            var answer = await TextAsync($"/api/nodes/{node}/statistics/{(days ? "daily" : "hourly")}?tz={zone}&limit=10000");

            Assert.Equal($"{{\"address\":{node},\"tz\":\"{zone}\",\"count\":{buckets.Length},\"buckets\":[{string.Join(',', buckets)}]}}", answer);
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Zones))]
    public async Task Export_HoursAndDays_AreWhatTheClocksOfTheZoneShowed(string zone, bool days)
    {
        var lines = Expected.Buckets(SentReadings.Stored, zone, days).Select(b => FormattableString.Invariant($"{b.Node},{SentReadings.DeviceIdOf(b.Node)},{b.Start},{b.End},{b.Readings.Count},")
            + $"{Expected.CsvValues(Expected.Celsius(b.Readings))},{Expected.CsvValues(Expected.Percent(b.Readings))}").ToArray();

        var file = (await TextAsync($"{Export}?tz={zone}&resolution={(days ? "daily" : "hourly")}")).Split('\n');
        var reversed = (await TextAsync($"{Export}?order=asc&tz={zone}&resolution={(days ? "daily" : "hourly")}")).Split('\n');

        Assert.Equal(lines, file[1..^1]);
        Assert.Equal(lines.Reverse(), reversed[1..^1]);
    }

    [SkippableFact]
    public async Task Export_Readings_IsEveryReadingSentAndItsProof()
    {
        var lines = SentReadings.Stored.Select(r => FormattableString.Invariant(
            $"{r.Node},{SentReadings.DeviceIdOf(r.Node)},{r.Time},{Expected.Csv(Expected.Hundredths(r.Celsius), 2)},{Expected.Csv(Expected.Hundredths(r.Percent), 2)},{r.Flags}\n"));
        var expected = "node_address,device_id,timestamp,temperature_celsius,humidity_percent,flags\n" + string.Concat(lines);

        using var answer = await _engine.Client.GetAsync(Export);

        Assert.Equal(expected, await answer.Content.ReadAsStringAsync());
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(expected))), answer.TrailingHeaders.GetValues("X-Content-SHA256").Single());
        Assert.Equal($"{SentReadings.Stored.Count}", answer.TrailingHeaders.GetValues("X-Row-Count").Single());
    }

    [SkippableTheory]
    [InlineData("UTC", "nodes")]
    [InlineData("Australia/Lord_Howe", "nodes")]
    [InlineData("Australia/Lord_Howe", "readings")]
    [InlineData("Asia/Kolkata", "readings")]
    public async Task FleetHours_OfTheWeek_AreAveragesOfWhatTheClocksShowed(string zone, string across)
    {
        var (from, to) = (SentReadings.ParisSpring - 50_000, SentReadings.YearEnd + 50_000);
        var hours = SentReadings.Stored.Where(r => r.Time >= from && r.Time <= to).GroupBy(r => Expected.HourOfWeek(zone, r.Time)).OrderBy(g => g.Key).Select(g =>
            $"{{\"weekday\":{g.Key / 24},\"hour\":{g.Key % 24},\"reading_count\":{g.Count()},\"node_count\":{Expected.NodeCount(g)},\"avg_celsius\":{Expected.Json(Expected.Average(Expected.Population(across, g, Expected.Celsius)))},"
            + $"\"avg_percent\":{Expected.Json(Expected.Average(Expected.Population(across, g, Expected.Percent)))}}}").ToArray();

        var answer = await TextAsync($"/api/fleet/hours?tz={zone}&from={from}&to={to}{(across == "nodes" ? "" : "&across=readings")}");

        Assert.Equal($"{{\"from\":{from},\"to\":{to},\"tz\":\"{zone}\",\"across\":\"{across}\",\"nodes\":[{string.Join(',', SentReadings.Nodes)}],\"node_count\":{SentReadings.Nodes.Count},\"count\":{hours.Length},\"hours\":[{string.Join(',', hours)}]}}", answer);
    }

    [SkippableTheory]
    [InlineData(1, "nodes")]
    [InlineData(13, "nodes")]
    [InlineData(500, "nodes")]
    [InlineData(1, "readings")]
    [InlineData(500, "readings")]
    public async Task FleetSeries_AnyNumberOfBuckets_AreTheStatisticsOfTheirNodesOrReadings(int points, string across)
    {
        var (from, to) = (SentReadings.ParisAutumn - 50_001, SentReadings.YearEnd + 1);
        var answer = await TextAsync($"/api/fleet/series?from={from}&to={to}&points={points}&nodes=1,2,4,8&across={across}");
        var seconds = 1L;
        while ((to / seconds) - (from / seconds) + 1 > points) seconds++;

        var buckets = SentReadings.Stored.Where(r => r.Node is 1 or 2 or 4 or 8 && r.Time >= from && r.Time <= to).GroupBy(r => r.Time / seconds * seconds).OrderBy(g => g.Key).ToArray();
        bool IsPartial(long start) => start < from || start + seconds > to + 1;
        var whole = buckets.Where(g => !IsPartial(g.Key) || buckets.All(b => IsPartial(b.Key))).Select(Expected.NodeCount).Order().ToArray();
        var texts = buckets.Select(g => $"{{\"bucket_start\":{g.Key},\"reading_count\":{g.Count()},\"node_count\":{Expected.NodeCount(g)},\"partial\":{(IsPartial(g.Key) ? "true" : "false")},"
            + $"\"temperature\":{Expected.Values(Expected.Population(across, g, Expected.Celsius))},\"humidity\":{Expected.Values(Expected.Population(across, g, Expected.Percent))}}}").ToArray();

        Assert.Equal($"{{\"from\":{from},\"to\":{to},\"bucket_seconds\":{seconds},\"across\":\"{across}\",\"nodes\":[1,2,4,8],\"node_count\":4,\"expected_node_count\":{whole[whole.Length / 2]},\"count\":{buckets.Length},\"buckets\":[{string.Join(',', texts)}]}}", answer);
    }

    [SkippableFact]
    public async Task FleetQuality_OfEveryNode_IsTheNodesOwnWorstFirst()
    {
        foreach (var query in (string[])["", "?start_time=1761440000&end_time=1767225600", "?start_time=1782800000", "?end_time=946684800"])
        {
            var fleet = JsonSerializer.Deserialize<JsonElement>(await TextAsync("/api/quality" + query)).GetProperty("nodes").EnumerateArray().Select(n => n.GetRawText()).ToArray();
            var own = new List<(decimal Completeness, int Node, string Summary)>();
            foreach (var node in SentReadings.Nodes)
            {
                var q = JsonSerializer.Deserialize<JsonElement>(await TextAsync($"/api/nodes/{node}/quality{query}"));
                var completeness = q.GetProperty("completeness_percent");
                own.Add((completeness.ValueKind == JsonValueKind.Null ? 100 : completeness.GetDecimal(), node,
                    $"{{\"address\":{node},\"expected_interval_s\":{q.GetProperty("expected_interval_s")},\"expected_count\":{q.GetProperty("expected_count")},"
                    + $"\"received_count\":{q.GetProperty("received_count")},\"completeness_percent\":{completeness},\"gap_count\":{q.GetProperty("gaps").GetProperty("count")},"
                    + $"\"missing\":{q.GetProperty("gaps").GetProperty("missing")},\"outlier_count\":{q.GetProperty("outliers").GetProperty("count")},"
                    + $"\"flat_line_count\":{q.GetProperty("flat_lines").GetProperty("count")},\"duplicates_seen\":{q.GetProperty("duplicates_seen")},"
                    + $"\"late_count\":{q.GetProperty("late_arrivals").GetProperty("count")},\"clock_skew_s\":{q.GetProperty("clock_skew_s")}}}"));
            }

            Assert.Equal(own.OrderBy(q => q.Completeness).ThenBy(q => q.Node).Select(q => q.Summary.Replace(":,", ":null,", StringComparison.Ordinal).Replace(":}", ":null}", StringComparison.Ordinal)), fleet);
        }
    }

    private async Task<string> TextAsync(string path)
    {
        using var answer = await _engine.Client.GetAsync(path);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {text}");
        return text;
    }

    private async Task AssertSameAsync(string question, int status)
    {
        var actual = await ReadAsync(_engine.Client, question);
        var expected = ReferenceEquals(_engine, reference) ? actual : await ReadAsync(reference.Client, question);
        Assert.StartsWith($"{status} ", actual, StringComparison.Ordinal);
        Assert.True(expected == actual, $"{question}\nreference: {Shorten(expected, actual)}\nengine:    {Shorten(actual, expected)}");
    }

    // Status, what the headers say of the content, every byte of the body, and the trailers.
    private static async Task<string> ReadAsync(HttpClient client, string question)
    {
        using var answer = await client.GetAsync(question);
        var body = Encoding.Latin1.GetString(await answer.Content.ReadAsByteArrayAsync());
        var trailers = string.Join(' ', answer.TrailingHeaders.Select(h => $"{h.Key}={string.Join(',', h.Value)}"));
        return $"{(int)answer.StatusCode} {answer.Content.Headers.ContentType} {answer.Content.Headers.ContentDisposition} {trailers}\n{TraceId().Replace(body, "")}";
    }

    private static string Shorten(string text, string other)
    {
        var at = text.Zip(other).TakeWhile(pair => pair.First == pair.Second).Count();
        return text[Math.Max(0, at - 200)..Math.Min(text.Length, at + 200)];
    }

    [GeneratedRegex("\"traceId\":\"[^\"]*\"")]
    private static partial Regex TraceId();
}
