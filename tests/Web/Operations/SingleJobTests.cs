using Microsoft.Extensions.Hosting;
using SensorDash.Tests.Support;
using SensorDash.Web.Operations;

namespace SensorDash.Web.Tests.Operations;

public sealed class SingleJobTests
{
    // Two threads meet in it now and then only, so many times.
    [Fact]
    public async Task Stop_WhileTheHostIsDisposed_EndsWithTheJob()
    {
        for (var i = 0; i < 5_000; i++)
        {
            var work = new EndlessJob();
            var job = work.Begin();
            using var both = new Barrier(2);
            var stop = Task.Run(() =>
            {
                both.SignalAndWait();
                return ((IHostedService)work).StopAsync(CancellationToken.None);
            });

            both.SignalAndWait();
            work.Dispose();

            await stop.WaitAsync(WaitFor.Limit);
            await job.WaitAsync(WaitFor.Limit);
        }
    }

    private sealed class EndlessJob : SingleJob
    {
        public Task Begin()
        {
            Begin(async stop =>
            {
                try
                {
                    await Task.Delay(Timeout.Infinite, stop);
                }
                catch (OperationCanceledException)
                {
                    // Stopped.
                }
            });
            return Running;
        }
    }
}
