using Microsoft.Extensions.DependencyInjection;
using SensorDash.Data.Events;
using SensorDash.Tests.Support;
using SensorDash.Web.Tests.Api;

namespace SensorDash.Web.Tests.Pages;

/// <summary>The events page of a store that counts for ever.</summary>
public sealed class EventsPageLimitTests
{
    [Fact]
    public async Task Counts_TakeTooLong_PageSaysSoAndHasTheEvents()
    {
        var counts = new EndlessCounts();
        await using var app = new SensorDashApp { Replace = services => services.AddSingleton<IEventCounts>(counts) };
        using var client = app.CreateClient();
        using var sent = await client.PostAsync(
            new Uri("/api/events", UriKind.Relative), new StringContent(EventsApiTests.Raw, null, "application/json"));
        sent.EnsureSuccessStatusCode();

        var asking = client.GetStringAsync(new Uri("/events?range=5m", UriKind.Relative));
        await counts.Begun.WaitAsync(Patience.Limit);
        app.Clock.Advance(TimeSpan.FromSeconds(5));
        var page = await asking;

        Assert.Contains("Counting took longer than 5 seconds", page, StringComparison.Ordinal);
        Assert.Contains("conn1 #0", page, StringComparison.Ordinal);
    }

    private sealed class EndlessCounts : IEventCounts
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Begun => _begun.Task;

        public async Task<IReadOnlyList<EventCount>> CountAsync(EventCountQuery query, CancellationToken cancellationToken)
        {
            _begun.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            return [];
        }
    }
}
