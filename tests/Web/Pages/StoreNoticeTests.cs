using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Pages;

public sealed class StoreNoticeTests : PageTests
{
    private const string Notice = "No readings stored since";

    [Fact]
    public async Task EveryPage_StoreTakesNothing_SaysSinceWhen()
    {
        await StoreAsync(Some.Run(12, 10));
        var reading = $$"""{"node_address": 12, "timestamp": {{Noon + 1}}, "temperature_celsius": 1}""";
        await using (await LockStoreAsync())
        {
            await AssertProblemAsync(await PassTimeAsync(PostAsync("/api/sensor-data", reading)), 503, "duplicates are ignored");
            await WaitFor.TrueAsync("the notice", async () => (await ReadPageAsync("/")).Contains(Notice, StringComparison.Ordinal)); // The writer tries longer than the sender waits.

            foreach (var path in (string[])["/", "/nodes/12", "/analytics", "/events", "/zones", "/export", "/system"])
                Assert.Contains(Notice, await ReadPageAsync(path), StringComparison.Ordinal);
        }
        await TakenAsync(() => PostAsync("/api/sensor-data", reading));
        Assert.DoesNotContain(Notice, await ReadPageAsync("/"), StringComparison.Ordinal);
    }
}
