using System.Net.Http.Json;
using System.Text.Json;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Operations;

/// <summary>What the program tells about a PostgreSQL server, to programs and to people.</summary>
public sealed class TimescaleReportTests
{
    private const long Day = 86_400;

    [SkippableFact]
    public async Task Stores_TimescaleDb_TellEditionVersionPoolSizeAndChunks()
    {
        await using var fixture = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);
        var extension = await fixture.TextAsync("SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'");
        var edition = await fixture.TextAsync("SELECT current_setting('timescaledb.license')") == "timescale" ? "Community" : "Apache";

        var (report, page, limitations) = await ReadAsync(fixture);

        Assert.Equal($"TimescaleDB {extension}, {edition} edition", report.GetProperty("edition").GetString());
        Assert.Equal(("chunk", 3), (report.GetProperty("parts").GetProperty("kind").GetString(), report.GetProperty("parts").GetProperty("count").GetInt32()));
        Assert.NotEmpty(report.GetProperty("notes").EnumerateArray());
        Assert.Contains($"TimescaleDB {extension}, {edition} edition", page, StringComparison.Ordinal);
        Assert.Contains("3 chunks", page, StringComparison.Ordinal);
        Assert.Equal(edition == "Apache", limitations?.Contains("no compression", StringComparison.Ordinal) ?? false);
    }

    [SkippableFact]
    public async Task Stores_PlainPostgres_TellThatEveryTableIsWhole()
    {
        await using var fixture = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Plain);

        var (report, page, limitations) = await ReadAsync(fixture);

        Assert.Equal("without TimescaleDB", report.GetProperty("edition").GetString());
        Assert.False(report.TryGetProperty("parts", out var parts) && parts.ValueKind != JsonValueKind.Null);
        Assert.Contains("the tables are not partitioned", page, StringComparison.Ordinal);
        Assert.Contains("the tables are not partitioned", limitations, StringComparison.Ordinal);
        Assert.DoesNotContain("Divided into", page, StringComparison.Ordinal);
    }

    // Readings of three days, and what everything says of the engine, of whichever edition.
    private static async Task<(JsonElement Report, string Page, string? Limitations)> ReadAsync(TimescaleStoreFixture fixture)
    {
        await using var app = new SensorDashApp([.. fixture.ProgramSettings, ("Database:Timescale:Pool:MinSize", "0"), ("Database:Timescale:Pool:MaxSize", "7")]);
        using var client = app.CreateClient();
        await app.Store.AddAsync([.. from day in Enumerable.Range(0, 3) select Some.Reading(1, Some.Noon - (day * Day))]);
        var version = await fixture.TextAsync("SELECT split_part(current_setting('server_version'), ' ', 1)");

        var report = (await client.GetFromJsonAsync<JsonElement>("/api/system/stores")).EnumerateArray()
            .Single(r => r.GetProperty("engine").GetString() == "PostgreSQL");
        var page = await client.GetStringAsync("/system");
        var ready = await client.GetFromJsonAsync<JsonElement>("/health/ready");

        Assert.Equal(version, report.GetProperty("version").GetString());
        Assert.Contains(fixture.Name, report.GetProperty("place").GetString(), StringComparison.Ordinal);
        Assert.True(report.GetProperty("size_bytes").GetInt64() > 1_000_000);
        Assert.Equal(7, report.GetProperty("pool").GetProperty("max").GetInt32());
        Assert.InRange(report.GetProperty("pool").GetProperty("busy").GetInt32(), 1, 7); // It counts the one that asks.
        Assert.Contains($"PostgreSQL {version}", page, StringComparison.Ordinal);
        Assert.Contains(fixture.Name, page, StringComparison.Ordinal);
        Assert.Matches("max (<[^>]*>)?7<", page);
        return (report, page, ready.TryGetProperty("limitations", out var limitations) ? Assert.Single(limitations.EnumerateArray()).GetString() : null);
    }
}
