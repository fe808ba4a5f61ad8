using System.Net;
using System.Text.Json;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Api;

public sealed class SystemApiTests : ApiTests
{
    protected override bool HasSidePath => true;

    [Theory]
    [InlineData("/api/health")]
    [InlineData("/health/ready")]
    public async Task Health_Ready_SaysEverythingIsWell(string path)
    {
        var answer = await GetAsync(path);

        Assert.Equal(["status", "store", "analytics", "version", "role"], MembersOf(answer));
        Assert.Equal(("ok", "ok"), (answer.GetProperty("status").GetString(), answer.GetProperty("store").GetString()));
        Assert.Matches("^[0-9]+\\.[0-9]+", answer.GetProperty("version").GetString());
    }

    [Fact]
    public async Task Health_StoreLocked_Is503AndAliveAndWellAgainAfter()
    {
        await using (await App.LockAsync())
        {
            foreach (var path in new[] { "/api/health", "/health/ready" })
            {
                using var response = await Client.GetAsync(path);
                var answer = await JsonOfAsync(response, HttpStatusCode.ServiceUnavailable);
                Assert.Equal(("unavailable", "1"), (answer.GetProperty("store").GetString(), response.Headers.RetryAfter!.ToString()));
            }
            Assert.Equal("ok", (await GetAsync("/health/live")).GetProperty("status").GetString());
        }
        await GetAsync("/api/health");
    }

    [Fact]
    public async Task Health_FileDeleted_IsDamaged()
    {
        await StoreAsync(Some.Reading());
        File.Delete(App.DatabasePath);

        await AssertDamagedAsync();
    }

    [Fact]
    public async Task Health_QueryFoundADamagedPage_IsDamagedAndTheQueryIs503()
    {
        await StoreAsync(Some.Run(12, 5_000));
        await ExecuteAsync("PRAGMA wal_checkpoint(TRUNCATE)");
        // After the page of the schema. By a process of its own, because the hub has locked the file for this one too.
        var pages = (new FileInfo(App.DatabasePath).Length / 4096) - 1;
        using (var dd = System.Diagnostics.Process.Start("dd", ["if=/dev/zero", $"of={App.DatabasePath}", "bs=4096", "seek=1", $"count={pages}", "conv=notrunc", "status=none"]))
            await dd.WaitForExitAsync();

        using var answer = await Client.GetAsync("/api/sensor-data?limit=10000");

        await AssertProblemAsync(answer, 503, "the database is damaged");
        await AssertDamagedAsync();
    }

    [Fact]
    public async Task Time_Wednesday_IsInEveryForm()
    {
        Assert.Equal($$"""{"datetime":"2026-07-01T12:00:00Z","formatted":"2026-07-01 12:00:00","weekday":3,"timestamp":{{Noon}}}""", (await GetAsync("/api/system/time")).GetRawText());
        App.Clock.Advance(TimeSpan.FromDays(4));
        Assert.Equal(0, (await GetAsync("/api/system/time")).GetProperty("weekday").GetInt32()); // Sunday.
    }

    [Theory]
    [InlineData("/api/sensor-data")]
    [InlineData("/api/sensor-data/export")]
    [InlineData("/api/nodes")]
    public async Task Get_StoreBroken_Is500WithoutAWordOfTheInside(string path)
    {
        await StoreAsync(Some.Reading());
        await ExecuteAsync("ALTER TABLE sensor_readings RENAME TO gone", "DROP INDEX ix_sensor_readings_timestamp");
        using var response = await Client.GetAsync(path);

        await AssertProblemAsync(response, 500);
    }

    [Fact]
    public async Task OpenApi_Document_ListsEveryRouteWithASummaryAndEveryParameterWithADescription()
    {
        var document = await GetAsync("/openapi/v1.json");

        Assert.StartsWith("3.", document.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        string[] contract = [
            "POST /api/sensor-data", "POST /write", "GET /api/sensor-data", "GET /api/sensor-data/export", "GET /api/sensor-data/export/manifest",
            "GET /api/nodes", "GET /api/nodes/{address}", "DELETE /api/nodes/{address}", "GET /api/nodes/{address}/sensor-data",
            "GET /api/nodes/{address}/sensor-data/latest", "GET /api/nodes/{address}/statistics", "GET /api/nodes/{address}/series",
            "GET /api/nodes/{address}/metadata", "PUT /api/nodes/{address}/metadata", "PUT /api/nodes/{address}/zone",
            "GET /api/zones", "POST /api/zones", "GET /api/zones/{id}", "PUT /api/zones/{id}", "DELETE /api/zones/{id}",
            "GET /api/health", "GET /health/live", "GET /health/ready", "GET /api/system/time"];
        var operations = document.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(method => (Name: $"{method.Name.ToUpperInvariant()} {path.Name}", method.Value))).ToArray();
        Assert.Empty(contract.Except(operations.Select(o => o.Name)));
        Assert.All(operations, operation =>
        {
            Assert.NotEmpty(operation.Value.GetProperty("summary").GetString()!);
            Assert.NotEmpty(operation.Value.GetProperty("operationId").GetString()!);
            Assert.NotEmpty(operation.Value.GetProperty("responses").EnumerateObject());
            foreach (var parameter in operation.Value.TryGetProperty("parameters", out var parameters) ? parameters.EnumerateArray() : default)
            {
                Assert.True(parameter.TryGetProperty("schema", out _));
                if (parameter.GetProperty("in").GetString() == "query")
                    Assert.True(parameter.GetProperty("description").GetString()?.Length > 5, $"{operation.Name} {parameter.GetProperty("name")}");
            }
        });
        Assert.Equal(operations.Length, operations.Select(o => o.Value.GetProperty("operationId").GetString()).Distinct().Count());
    }

    [Theory]
    [InlineData("/api/sensor-data", "node_address start_time end_time limit offset cursor")]
    [InlineData("/api/nodes/{address}/sensor-data", "start_time end_time limit downsample")]
    [InlineData("/api/nodes/{address}/statistics", "start_time end_time")]
    [InlineData("/api/nodes/{address}/series", "from to points")]
    [InlineData("/api/sensor-data/export", "node_address start_time end_time order time tz separator decimal resolution columns bom footer gzip")]
    public async Task OpenApi_QueryParameters_AreTheContracts(string path, string names)
    {
        var parameters = (await GetAsync("/openapi/v1.json")).GetProperty("paths").GetProperty(path).GetProperty("get").GetProperty("parameters");

        Assert.Equal(names.Split(' ').Order(), parameters.EnumerateArray().Where(p => p.GetProperty("in").GetString() == "query")
            .Select(p => p.GetProperty("name").GetString()).Order());
    }

    [Fact]
    public async Task OpenApi_References_AllLeadSomewhere()
    {
        var document = await GetAsync("/openapi/v1.json");
        var schemas = document.GetProperty("components").GetProperty("schemas").EnumerateObject().Select(s => $"#/components/schemas/{s.Name}").ToHashSet();

        Assert.Empty(References(document).Except(schemas));
    }

    private static IEnumerable<string> References(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(m =>
            m.Name == "$ref" && m.Value.ValueKind == JsonValueKind.String ? [m.Value.GetString()!] : References(m.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(References),
        _ => [],
    };

    private async Task AssertDamagedAsync()
    {
        using var response = await Client.GetAsync("/health/ready");
        var answer = await JsonOfAsync(response, HttpStatusCode.ServiceUnavailable);
        Assert.Equal(("unavailable", "damaged"), (answer.GetProperty("status").GetString(), answer.GetProperty("store").GetString()));
    }
}
