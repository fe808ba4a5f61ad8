using System.Net.Http.Json;
using System.Text.Json;
using SensorDash.Tests.Support;

namespace SensorDash.Docs.Tests;

/// <summary>docs/api.md against the program's own description.</summary>
public sealed class ApiPageTests
{
    [Fact]
    public async Task Endpoints_OnThePage_AreThoseOfTheProgram()
    {
        using var folder = new TemporaryFolder();
        await using var server = await SensorDashProcess.StartAsync(Path.Combine(folder.Path, "api.db"));
        var description = await server.Client.GetFromJsonAsync<JsonElement>("/openapi/v1.json");
        var actual = description.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(method => $"{method.Name.ToUpperInvariant()} {path.Name}"));

        var documented = Repository.Table("docs/api.md", "method and path").Select(row => row[0]);

        Assert.Equal(actual.Order(), documented.Order());
    }
}
