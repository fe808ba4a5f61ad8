using System.Net;
using SensorDash.Tests.Support;
using SensorDash.Web.Tests.Api;

namespace SensorDash.Web.Tests.Requests;

/// <summary>A program with one reading of node 12, for tests that only ask and change nothing.</summary>
public sealed class ReadOnlyApp : IAsyncLifetime
{
    private readonly SensorDashApp _app = new();

    public HttpClient Client { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Client = _app.CreateClient();
        await _app.Store.AddAsync(Some.Reading());
    }

    public async Task DisposeAsync() => await _app.DisposeAsync();
}

/// <summary>Requests that cannot be answered: each is a problem that names what is wrong.</summary>
public sealed class ErrorTests(ReadOnlyApp app) : IClassFixture<ReadOnlyApp>
{
    [Theory]
    [InlineData("/api/sensor-data?limit=0", "limit")]
    [InlineData("/api/sensor-data?limit=10001", "limit")]
    [InlineData("/api/sensor-data?limit=ten", "limit")]
    [InlineData("/api/sensor-data?limit=1.5", "limit")]
    [InlineData("/api/sensor-data?limit=%201", "limit")]
    [InlineData("/api/sensor-data?limit=1&limit=2", "limit")]
    [InlineData("/api/sensor-data?limit=99999999999999999999", "limit")]
    [InlineData("/api/sensor-data?offset=-1", "offset")]
    [InlineData("/api/sensor-data?offset=x", "offset")]
    [InlineData("/api/sensor-data?node_address=0", "node_address")]
    [InlineData("/api/sensor-data?node_address=2147483648", "node_address")]
    [InlineData("/api/sensor-data?node_address=a", "node_address")]
    [InlineData("/api/sensor-data?start_time=yesterday", "start_time")]
    [InlineData("/api/sensor-data?start_time=-1", "start_time")]
    [InlineData("/api/sensor-data?end_time=253402300800", "end_time")]
    [InlineData("/api/sensor-data?start_time=11&end_time=10", "start_time")]
    [InlineData("/api/sensor-data?cursor=bogus!", "cursor")]
    [InlineData("/api/sensor-data?cursor=AAAA", "cursor")]
    [InlineData("/api/sensor-data?cursor=MTc4MjkwNzIwMC4x&offset=3", "offset")]
    [InlineData("/api/nodes/12/sensor-data?limit=0", "limit")]
    [InlineData("/api/nodes/12/sensor-data?downsample=0", "downsample")]
    [InlineData("/api/nodes/12/sensor-data?downsample=2001", "downsample")]
    [InlineData("/api/nodes/12/sensor-data?start_time=2&end_time=1", "start_time")]
    [InlineData("/api/nodes/12/statistics?start_time=x", "start_time")]
    [InlineData("/api/nodes/12/statistics?start_time=2&end_time=1", "start_time")]
    [InlineData("/api/nodes/12/series?points=0", "points")]
    [InlineData("/api/nodes/12/series?points=2001", "points")]
    [InlineData("/api/nodes/12/series?from=2&to=1", "from")]
    [InlineData("/api/nodes/12/series?to=x", "to")]
    [InlineData("/api/nodes/12/statistics/hourly?tz=Mars", "tz")]
    [InlineData("/api/nodes/12/statistics/daily?limit=0", "limit")]
    [InlineData("/api/nodes/12/statistics/daily?start_time=2&end_time=1", "start_time")]
    [InlineData("/api/nodes/12/percentiles?p=101", "p")]
    [InlineData("/api/nodes/12/percentiles?p=-1", "p")]
    [InlineData("/api/nodes/12/percentiles?p=50,,95", "p")]
    [InlineData("/api/nodes/12/percentiles?p=median", "p")]
    [InlineData("/api/nodes/12/percentiles?p=1.005", "p")]
    [InlineData("/api/nodes/12/quality?start_time=x", "start_time")]
    [InlineData("/api/sensor-data/export?order=up", "order")]
    [InlineData("/api/sensor-data/export?time=utc", "time")]
    [InlineData("/api/sensor-data/export?tz=Mars/Olympus", "tz")]
    [InlineData("/api/sensor-data/export?separator=pipe", "separator")]
    [InlineData("/api/sensor-data/export?decimal=comma", "decimal")]
    [InlineData("/api/sensor-data/export?decimal=point", "decimal")]
    [InlineData("/api/sensor-data/export?bom=yes", "bom")]
    [InlineData("/api/sensor-data/export?footer=2", "footer")]
    [InlineData("/api/sensor-data/export?gzip=maybe", "gzip")]
    [InlineData("/api/sensor-data/export?resolution=weekly", "resolution")]
    [InlineData("/api/sensor-data/export?columns=timestamp,secret", "columns")]
    [InlineData("/api/sensor-data/export?columns=bucket_start", "columns")]
    [InlineData("/api/sensor-data/export?resolution=daily&columns=flags", "columns")]
    [InlineData("/api/sensor-data/export?columns=timestamp,", "columns")]
    [InlineData("/api/sensor-data/export?start_time=2&end_time=1", "start_time")]
    [InlineData("/api/sensor-data/export?node_address=x", "node_address")]
    [InlineData("/api/sensor-data/export/manifest?order=up", "order")]
    [InlineData("/api/sensor-data/export/manifest?time=utc", "time")]
    [InlineData("/api/sensor-data/export/manifest?tz=Mars/Olympus", "tz")]
    [InlineData("/api/sensor-data/export/manifest?separator=pipe", "separator")]
    [InlineData("/api/sensor-data/export/manifest?decimal=comma", "decimal")]
    [InlineData("/api/sensor-data/export/manifest?decimal=point", "decimal")]
    [InlineData("/api/sensor-data/export/manifest?bom=yes", "bom")]
    [InlineData("/api/sensor-data/export/manifest?footer=2", "footer")]
    [InlineData("/api/sensor-data/export/manifest?gzip=maybe", "gzip")]
    [InlineData("/api/sensor-data/export/manifest?resolution=weekly", "resolution")]
    [InlineData("/api/sensor-data/export/manifest?columns=timestamp,secret", "columns")]
    [InlineData("/api/sensor-data/export/manifest?columns=bucket_start", "columns")]
    [InlineData("/api/sensor-data/export/manifest?resolution=daily&columns=flags", "columns")]
    [InlineData("/api/sensor-data/export/manifest?columns=timestamp,", "columns")]
    [InlineData("/api/sensor-data/export/manifest?start_time=2&end_time=1", "start_time")]
    [InlineData("/api/sensor-data/export/manifest?node_address=x", "node_address")]
    public async Task Query_Wrong_Is400NamingIt(string path, string name)
    {
        using var response = await app.Client.GetAsync(path);
        await ApiTests.AssertProblemAsync(response, 400, name);
    }

    [Theory]
    [InlineData("/api/sensor-data?limit=1")]
    [InlineData("/api/sensor-data?limit=10000")]
    [InlineData("/api/sensor-data?start_time=10&end_time=10")]
    [InlineData("/api/sensor-data?end_time=253402300799")]
    [InlineData("/api/sensor-data?limit=")]
    public async Task Query_AtItsLimits_IsAnswered(string path)
    {
        using var response = await app.Client.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("/api/nodes/77/sensor-data")]
    [InlineData("/api/nodes/77/sensor-data/latest")]
    [InlineData("/api/nodes/77/statistics")]
    [InlineData("/api/nodes/77/series")]
    [InlineData("/api/nodes/77")]
    [InlineData("/api/nodes/77/metadata")]
    [InlineData("/api/nodes/77/statistics/hourly")]
    [InlineData("/api/nodes/77/statistics/daily")]
    [InlineData("/api/nodes/77/percentiles")]
    [InlineData("/api/nodes/77/quality")]
    public async Task Node_Unknown_Is404(string path)
    {
        using var response = await app.Client.GetAsync(path);
        await ApiTests.AssertProblemAsync(response, 404, "77");
    }

    [Theory]
    [InlineData("GET", "/api/nothing", 404)]
    [InlineData("GET", "/api/nodes/abc", 404)]
    [InlineData("GET", "/api/nodes/99999999999", 404)]
    [InlineData("GET", "/api/zones/abc", 404)]
    [InlineData("GET", "/api", 404)]
    [InlineData("POST", "/api/nothing", 404)]
    [InlineData("GET", "/health/nothing", 404)]
    [InlineData("PUT", "/api/sensor-data", 405)]
    [InlineData("DELETE", "/api/sensor-data", 405)]
    [InlineData("POST", "/api/nodes", 405)]
    [InlineData("PATCH", "/api/zones/1", 405)]
    [InlineData("GET", "/write", 405)]
    [InlineData("POST", "/api/health", 405)]
    public async Task Route_UnknownOrWrongMethod_IsAProblem(string method, string path, int status)
    {
        foreach (var accept in new[] { "*/*", "text/html" })
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path);
            request.Headers.Add("Accept", accept);
            using var response = await app.Client.SendAsync(request);
            await ApiTests.AssertProblemAsync(response, status, path);
            if (status == 405) Assert.NotEmpty(response.Content.Headers.Allow);
        }
    }
}
