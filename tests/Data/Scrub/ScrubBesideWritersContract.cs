using Microsoft.Extensions.Options;
using SensorDash.Data.Events;
using SensorDash.Data.Retention;
using SensorDash.Data.Scrub;
using SensorDash.Data.Tests.Transfer;
using SensorDash.Tests.Support;
using static SensorDash.Data.Tests.Events.SomeEvents;

namespace SensorDash.Data.Tests.Scrub;

/// <summary>A scrub beside everything else that changes a store: nothing has rotted, so nothing is found.</summary>
public abstract class ScrubBesideWritersContract(TransferEngine engine, bool hasSidePath = false)
{
    private const int Rounds = 12, MaxRounds = 40;

    [SkippableFact]
    public async Task Pass_BesideIngestRetentionMergingAndDeletion_FindsNothing()
    {
        await using var subject = await ScrubSubject.CreateAsync(engine);
        await AddAsync(subject, 0);
        await using var sidePath = hasSidePath ? await subject.StartSidePathAsync() : null;
        var stop = new TaskCompletionSource();
        var writing = WriteAsync(subject, stop.Task);
        try
        {
            for (var pass = 0; pass < 3 || !writing.IsCompleted; pass++)
            {
                var state = await subject.ScrubAsync(15);
                Assert.True(state.FindingCount == 0, string.Join('\n', ScrubReport.Lines(state)));
                if (pass == 2) stop.TrySetResult();
            }
        }
        finally
        {
            stop.TrySetResult();
            await writing;
        }
        // And when all is quiet.
        if (sidePath is not null) await sidePath.UpToDateAsync();
        var last = await subject.ScrubAsync();
        Assert.True(last.FindingCount == 0, string.Join('\n', ScrubReport.Lines(last)));
        Assert.DoesNotContain(last.Notes, note => !note.Contains("page checksums", StringComparison.Ordinal) && !note.Contains("amcheck", StringComparison.Ordinal)); // The server of the test may have neither.
    }

    // At least all rounds, then until it is stopped, but no more than a slow scrub can follow.
    private static Task WriteAsync(ScrubSubject subject, Task stop) => Task.Run(async () =>
    {
        var options = new RetentionOptions { Readings = new() { Default = 3, Nodes = { ["2"] = 1 } }, Events = new() { Raw = 2, Parsed = 3, Ui = 2, Command = 2, Metadata = 2 } };
        var rules = new RetentionRules(subject.Fixture.Contexts, subject.Fixture.NodeStore, Options.Create(options), subject.Fixture.Clock);
        var retention = new RetentionRun(subject.Fixture.Store, subject.Fixture.NodeStore, subject.Removal, rules, subject.Fixture.Clock);
        for (var round = 1; round <= Rounds || (round <= MaxRounds && !stop.IsCompleted); round++)
        {
            // Together less than thirty days after the clock of the machine, which the side path has: it would be forgotten as a follower.
            subject.Fixture.Clock.Advance(TimeSpan.FromHours(9));
            await AddAsync(subject, round);
            await WaitFor.RetryWhileUnavailableAsync("retention of readings", () => retention.RemoveReadingsAsync(default));
            await WaitFor.RetryWhileUnavailableAsync("retention of events", () => retention.RemoveEventsAsync(default));
            await WaitFor.RetryWhileUnavailableAsync("merging", async () =>
            {
                await subject.Fixture.Batches.MergeStepAsync(0, default);
                await subject.Fixture.EventBatches.MergeStepAsync(0, default);
            });
            if (round % 3 == 0) await WaitFor.RetryWhileUnavailableAsync("deletion", () => subject.Fixture.NodeStore.DeleteAsync(3, default));
        }
    });

    private static async Task AddAsync(ScrubSubject subject, int round)
    {
        var now = subject.Fixture.Clock.GetUtcNow().ToUnixTimeSeconds();
        for (var batch = 0; batch < 3; batch++)
        {
            await subject.AddAsync([.. Some.Run(1, 8, now - batch, 60), .. Some.Run(2, 8, now - batch, 60), .. Some.Run(3, 4, now - batch, 60)]);
            var at = (now * 1_000_000) + (batch * 100);
            await subject.AddAsync(
                Raw(at), Parsed(at + 1), Ui(at + 2), Ui(at + 3, type: UiEvent.Checkpoint), Metadata(at + 4), Command(at + 5, request: FormattableString.Invariant($"r{round}-{batch}")), Raw(at + 6, sequence: 1));
        }
    }
}

public sealed class SqliteScrubBesideWritersTests() : ScrubBesideWritersContract(TransferEngine.Sqlite);

public sealed class SidePathScrubBesideWritersTests() : ScrubBesideWritersContract(TransferEngine.Sqlite, hasSidePath: true);

public sealed class DuckDbScrubBesideWritersTests() : ScrubBesideWritersContract(TransferEngine.DuckDb);

public sealed class TimescaleScrubBesideWritersTests() : ScrubBesideWritersContract(TransferEngine.Timescale);
