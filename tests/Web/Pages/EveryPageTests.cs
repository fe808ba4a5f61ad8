using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Pages;

public sealed class EveryPageTests : PageTests
{
    [Theory]
    [InlineData("/")]
    [InlineData("/nodes/12")]
    [InlineData("/analytics")]
    [InlineData("/zones")]
    [InlineData("/export")]
    [InlineData("/system")]
    public async Task Page_HasNoInlineScriptOrStyle(string path)
    {
        await StoreAsync(Some.Run(12, 100));

        AssertNoInlineCode(await ReadPageAsync(path));
    }
}
