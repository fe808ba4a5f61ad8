using System.Globalization;
using SensorDash.Data.Events;
using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;
using SensorDash.Web.Transfers;

namespace SensorDash.Web.Commands.Transfer;

/// <summary>The part of <c>transfer run</c> after the copy, for a source that goes on being written.</summary>
internal sealed class TransferFollowing(TransferArguments arguments, TextWriter output)
{
    private static readonly TimeSpan _look = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan _retry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _betweenLines = TimeSpan.FromSeconds(10);

    private readonly TimeProvider _clock = TimeProvider.System;
    private DateTimeOffset _shownAt;

    /// <param name="source">The store or file.</param>
    /// <param name="target">Its copy.</param>
    /// <param name="record">The transfer, copied.</param>
    /// <param name="verify">Compares the two sides.</param>
    /// <param name="cancellationToken">Ends the following; everything that arrived is kept.</param>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(ITransferSource source, ITransferTarget target, TransferRecord record, Func<RejectLog, Task<int>> verify, CancellationToken cancellationToken)
    {
        if (source is IFollowedFile file)
        {
            using var followed = arguments.OpenRejects(appends: true);
            var follower = new FileFollower(file, target, record, followed, _clock);
            if (arguments.Follows) return await FollowAsync(async token => (await follower.ApplyAsync(token), ""), cancellationToken);
            while (await follower.ApplyAsync(cancellationToken) > 0) ;
        }
        using var rejects = arguments.OpenRejects();
        var result = await verify(rejects); // It catches up first.
        if (!arguments.Follows || result == TransferCommand.Failed) return result;
        var applier = new BatchApplier(((StoreSource)source).Parts, target, record.Id, _clock);
        return await FollowAsync(async token => (await applier.ApplyAsync(token)) switch
        {
            { IsCurrent: true } => (0, ""),
            var state => (Math.Max(1, state.Rows), state.OldestCommittedAt is { } oldest ? $", {(_clock.NowMicroseconds() - oldest) / 1_000_000} s" : ""),
        }, cancellationToken);
    }

    private async Task<int> FollowAsync(Func<CancellationToken, Task<(long Rows, string Lag)>> apply, CancellationToken cancellationToken)
    {
        await output.WriteLineAsync("Following the source: new rows arrive as they are written. Ctrl+C ends it, and the same command goes on from there.");
        try
        {
            while (true)
            {
                try
                {
                    var (rows, lag) = await apply(cancellationToken);
                    await ShowAsync(rows == 0 ? "up to date" : string.Create(CultureInfo.InvariantCulture, $"{rows:N0} rows{lag}"), isNew: false);
                    if (rows == 0) await Task.Delay(_look, _clock, cancellationToken);
                }
                catch (StoreUnavailableException e)
                {
                    await ShowAsync($"{e.Message} Retrying.", isNew: true);
                    await Task.Delay(_retry, _clock, cancellationToken);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await output.WriteLineAsync("Stopped. Everything that arrived is kept: the same command goes on from there, and 'transfer verify' compares both sides.");
            return TransferCommand.Complete;
        }
    }

    private async Task ShowAsync(string text, bool isNew)
    {
        var now = _clock.GetUtcNow();
        if (!isNew && now - _shownAt < _betweenLines) return;
        _shownAt = now;
        await output.WriteLineAsync($"{EventTime.Format(_clock.NowMicroseconds())}  {text}");
    }
}
