using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using SensorDash.Data.Ingest;
using SensorDash.Data.Ingest.Parsing;
using SensorDash.Data.Readings;
using SensorDash.Tests.Support;
using SensorDash.Web.Api;

namespace SensorDash.Web.Tests.Api;

public sealed class IngestRequestTests
{
    [Fact]
    public async Task Run_NothingIsCommitted_EndsAfterOneTimeoutHoweverManyBatchesWait()
    {
        var clock = new ManualTime();
        var timeout = TimeSpan.FromSeconds(30);
        var buffer = new WriteBuffer<Reading>(Options.Create(new IngestOptions()), clock);
        var lines = Enumerable.Range(0, 6 * Submission.MaxRows).Select(i => $"{{\"node_address\":1,\"timestamp\":{ManualTime.Noon - i},\"temperature_celsius\":1}}");
        var parser = new NdjsonParser<Reading>(PipeReader.Create(new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', lines)))), new ReadingJsonParser(ManualTime.Noon));
        var request = new IngestRequest<Reading>(parser, buffer, timeout, clock, isWaitedFor: true);

        var run = request.RunAsync(new DefaultHttpContext().Response, CancellationToken.None);
        await clock.TimerPendingAsync();
        clock.Advance(timeout);

        Assert.Equal(IngestEnd.Unavailable, await run.WaitAsync(WaitFor.Limit));
    }
}
