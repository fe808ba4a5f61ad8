using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Pages.Export;

public sealed class ExportPageTests : PageTests
{
    [Fact]
    public async Task Export_WithoutScript_LeadsToTheFile()
    {
        await StoreAsync(Some.Run(12, 10));

        using var file = await RequestAsync("/export?node_address=12&range=1h&order=asc&handler=Download");

        Assert.Equal("text/csv", file.Content.Headers.ContentType?.MediaType);
        Assert.Equal(11, (await file.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }
}
