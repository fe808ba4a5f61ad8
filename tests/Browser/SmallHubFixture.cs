namespace SensorDash.Browser.Tests;

/// <summary>A hub with three nodes that sent a reading a minute for ten days.</summary>
public sealed class SmallHubFixture : BrowserFixture
{
    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        if (!IsAvailable) return;
        for (var node = 1; node <= 3; node++) await SendAsync(node, 10 * 1440);
    }
}
