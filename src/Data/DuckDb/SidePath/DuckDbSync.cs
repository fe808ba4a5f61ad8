using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SensorDash.Data.Analytics;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.DuckDb.SidePath;

/// <summary>Keeps the DuckDB file up to date with the store: applies its batches in order, sorts when idle, rebuilds on request.</summary>
public sealed partial class DuckDbSync(
    IReadingChangeFeed store, [FromKeyedServices("readings")] IBatchLog log, CommitSignal commits, DuckDbSidePathSource source, IOptions<AnalyticsOptions> options,
    TimeProvider clock, ILogger<DuckDbSync> logger) : BackgroundService
{
    // A DuckDB commit costs milliseconds of disk: a few readings are collected for a moment, unless a query waits.
    private static readonly TimeSpan _gather = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _retry = TimeSpan.FromSeconds(15);

    // A restored database need not commit anything that would wake this.
    private static readonly TimeSpan _look = TimeSpan.FromSeconds(30);

    // A few months of one node, or minutes of a large hub: 2.4 MB, and DuckDB's own row groups are larger.
    private const int FillRows = 50_000;

    // DuckDB keeps the memory of writing and sorting until the file is reopened: after this many rows per MiB of its limit.
    private const long RowsPerMiB = 2_000;

    private readonly BatchFollower _follower = new(log, NameOf(options.Value.Path), clock);

    // The same after a rebuild and a restart, different for each file of each machine.
    private static string NameOf(string path) => $"side path {Environment.MachineName[..Math.Min(Environment.MachineName.Length, 64)]} "
        + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Path.GetFullPath(path)))[..6]);

    private long RowsBeforeReopening => options.Value.MemoryLimitMiB * RowsPerMiB;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (source.State == AnalyticsState.Off) return;
        await Task.Yield(); // Let the rest of the host start.
        while (!stoppingToken.IsCancellationRequested)
        {
            var wake = source.WakeSignal(); // Before the attempt, so that a request during a failing attempt is not missed.
            try
            {
                await ApplyChangesAsync(stoppingToken);
                source.Close(isReopened: true);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
            }
            catch (StoreUnavailableException)
            {
                await WaitAsync(wake, _retry, stoppingToken);
            }
            catch (Exception e) // Any error: no error here may stop the hub.
            {
                Fail(e);
                await WaitAsync(wake, _retry, stoppingToken);
            }
            finally
            {
                source.Close(isReopened: false);
            }
        }
    }

    // Returns when the file must be reopened.
    private async Task ApplyChangesAsync(CancellationToken stoppingToken)
    {
        if (source.BeginRebuild() is { } rebuild)
        {
            if (DuckDbSidePath.Remove(options.Value, clock, stoppingToken) is { } aside) Log.SetAside(logger, options.Value.Path, aside);
            source.EndRebuild(rebuild);
        }
        await source.SubscriberLag.ReadThrottledAsync(source.Applied, stoppingToken); // Even if the file then cannot be opened.
        var sidePath = OpenRepaired(stoppingToken);
        if (sidePath is null) return;
        source.Open(sidePath);
        if (!await IsOfThisStoreAsync(sidePath, stoppingToken))
        {
            store.ForgetRecent();
            _follower.Forget();
            source.BeginReplacement();
            // Where the database has lost its last rows, this is the only copy.
            var hasRows = sidePath.CountRows(stoppingToken) > 0;
            source.Close(isReopened: false);
            Log.OtherStore(logger, hasRows ? $"It is renamed to {FileAside.Move(options.Value.Path, clock, DuckDbRepair.WalEnding)}; delete that file if you do not need it." : "It is empty.");
            if (!hasRows) DuckDbSidePath.Remove(options.Value, clock, stoppingToken);
            return;
        }
        var written = 0L;
        if (sidePath.Applied.Batch == 0)
        {
            written = await FillAsync(sidePath, stoppingToken);
            if (sidePath.Filling is not null) return;
        }
        while (true)
        {
            var (commit, wake) = (commits.NextCommit, source.WakeSignal());
            if (!await IsOfThisStoreAsync(sidePath, stoppingToken)) return; // The database was restored meanwhile.
            while (await store.ReadChangesAsync(sidePath.Applied.Batch, stoppingToken) is var changes && changes.UpTo > sidePath.Applied.Batch)
            {
                written += changes.Added.Count;
                sidePath.Apply(changes, stoppingToken);
                await source.SubscriberLag.ReadThrottledAsync(changes.UpTo, stoppingToken);
                source.Progress();
                if (written >= RowsBeforeReopening) return;
            }
            await source.SubscriberLag.ReadAsync(sidePath.Applied.Batch, stoppingToken);
            if (sidePath.Applied.Batch > 0) await _follower.NoteAsync(sidePath.Applied.Batch, stoppingToken);
            if (!source.TrySetReady()) return;
            source.Progress();
            if (sidePath.SortOneMonth(stoppingToken))
            {
                if (sidePath.CountRows(stoppingToken) >= RowsBeforeReopening) return;
                continue;
            }
            await WaitAsync(Task.WhenAny(commit, wake), _look, stoppingToken);
            if (!wake.IsCompleted) await WaitAsync(wake, _gather, stoppingToken);
        }
    }

    // Another store, or an older copy of this one, has different batches with the same ids.
    private async Task<bool> IsOfThisStoreAsync(DuckDbSidePath sidePath, CancellationToken cancellationToken)
    {
        var last = sidePath.Filling?.UpTo ?? sidePath.Applied.Batch;
        return last == 0 || await store.FindCommittedAtAsync(last, cancellationToken) == sidePath.Applied.CommittedAt;
    }

    // Rows of the whole store in its own order, page by page, instead of those of one batch after the other: batches may be small, and each may
    // have rows of any time. Ends early when the file must be reopened or rebuilt.
    private async Task<long> FillAsync(DuckDbSidePath sidePath, CancellationToken stoppingToken)
    {
        if (sidePath.Filling is null)
        {
            var (head, _, _) = await store.ReadLagAsync(0, stoppingToken);
            if (head == 0 || await store.FindCommittedAtAsync(head, stoppingToken) is not { } committedAt) return 0;
            _follower.Forget();
            await _follower.NoteAsync(head, stoppingToken);
            sidePath.BeginFill(head, committedAt, stoppingToken);
        }
        var page = new Reading[FillRows];
        var (before, written) = (sidePath.CountRows(stoppingToken), 0L);
        while (sidePath.Filling is { } filling && written < RowsBeforeReopening && !source.IsRebuildWanted)
        {
            var count = await store.ReadStoredAsync(filling.After, filling.UpTo, page, stoppingToken);
            sidePath.Fill(new(page, 0, count), isLast: count < page.Length, stoppingToken);
            written += count;
            await source.SubscriberLag.ReadThrottledAsync(sidePath.Applied.Batch, stoppingToken);
            source.SubscriberLag.Filled = sidePath.Filling is null ? 0 : before + written;
            source.Progress();
        }
        return written;
    }

    /// <summary>Null when the file is to be rebuilt.</summary>
    private DuckDbSidePath? OpenRepaired(CancellationToken stoppingToken)
    {
        try
        {
            return DuckDbSidePath.Open(options.Value, stoppingToken);
        }
        catch (DuckDbException e)
        {
            try
            {
                if (DuckDbRepair.TryRepair(options.Value.Path, e, clock) is not { } repair) throw;
                Log.Repaired(logger, options.Value.Path, repair);
                return DuckDbSidePath.Open(options.Value, stoppingToken); // What the log has lost is read from the store again.
            }
            catch (InvalidDataException) when (source.TryMend())
            {
                return null;
            }
        }
    }

    private void Fail(Exception error)
    {
        var reason = Explain(error);
        // It is retried every few seconds, and the log need not repeat it.
        if (source.SetFailed($"DuckDB is unavailable. {reason ?? "The log says why."} Queries use the database, slower over many nodes."))
            Log.Failed(logger, reason is null ? LogLevel.Error : LogLevel.Warning, error);
        source.Progress();
    }

    // Clients read it: messages of DuckDB and of the system name folders of the server, and go to the log only. Null: unexpected.
    private string? Explain(Exception error)
    {
        var name = Path.GetFileName(options.Value.Path);
        return error switch
        {
            DuckDbException { Kind: DuckDbErrorKind.Locked } => $"Another process has locked {name}: stop it, or let Analytics:Path name another file.",
            DuckDbException { Kind: DuckDbErrorKind.NoLibrary } => "Its native library is missing, or for another platform: publish with the platform's runtime identifier.",
            DuckDbException { Kind: DuckDbErrorKind.IO or DuckDbErrorKind.Fatal } => $"{name} is corrupt or of a newer DuckDB, or the disk fails: check the disk, then rebuild.",
            InvalidDataException => error.Message,
            IOException or UnauthorizedAccessException => $"{name} or its folder cannot be used: check its permissions and the disk.",
            _ => null,
        };
    }

    private async Task WaitAsync(Task signal, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            await signal.WaitAsync(timeout, clock, cancellationToken);
        }
        catch (TimeoutException)
        {
            // The timeout elapsed.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 20, Message = "The DuckDB side path is unavailable; queries use the store.")]
        public static partial void Failed(ILogger logger, LogLevel level, Exception error);

        [LoggerMessage(21, LogLevel.Warning, "The DuckDB file belongs to another store, or to a newer state of this one, and is made anew. {Former}")]
        public static partial void OtherStore(ILogger logger, string former);

        [LoggerMessage(41, LogLevel.Warning, "{Path} is not a readable side path. It is renamed to {Aside}; delete that file if you do not need it.")]
        public static partial void SetAside(ILogger logger, string path, string aside);

        [LoggerMessage(44, LogLevel.Warning, "{Path}: {Repair}")]
        public static partial void Repaired(ILogger logger, string path, string repair);
    }
}
