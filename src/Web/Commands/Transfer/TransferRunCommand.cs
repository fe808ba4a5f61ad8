using System.Globalization;
using SensorDash.Data.Access;
using SensorDash.Data.Transfer;
using SensorDash.Web.Transfers;

namespace SensorDash.Web.Commands.Transfer;

/// <summary>The commands that need both sides.</summary>
internal sealed class TransferRunCommand(TransferStores stores, TransferArguments arguments, TextWriter output)
{
    private readonly TransferProgressLine _progress = new(output, output == Console.Out && !Console.IsOutputRedirected, TimeProvider.System);

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        await using var source = stores.OpenSource(arguments.From, isFollowed: arguments.Follows);
        // Other processes may write to a server; a file of SensorDash is held by its process.
        var follows = arguments.Follows || (source is StoreSource && !arguments.From.IsFile && arguments.Options.IsWhole);
        if (arguments.Follows && !(source is IFollowedFile || (source is StoreSource && !arguments.From.IsFile)))
            throw new TransferException($"{source.Name} cannot be followed: --follow is for files of former systems and for PostgreSQL. A running SensorDash on SQLite or DuckDB copies its own store.");
        await using var target = await stores.OpenTargetAsync(arguments.To, cancellationToken);
        await output.WriteLineAsync($"From {source.Name} ({source.Kind})\nto   {target.Store.Name} ({target.Store.Kind})");
        var run = Run(source, target.Store);
        TransferRecord record;
        using (var rejects = arguments.OpenRejects())
        {
            record = await run.CopyAsync(follows, rejects, cancellationToken);
            _progress.End();
            // The log of a store that follows another one has the entries of that one.
            if (record.Start is null) await target.RecordAsync(AuditAction.TransferStart, $"{source.Name} → {target.Store.Name}");
            if (record.Start is null && record.RowIds is null) return await ShowAsync(await run.VerifyAsync(record, rejects, null, cancellationToken));
        }
        return await new TransferFollowing(arguments, output).RunAsync(
            source, target.Store, record, async log => await ShowAsync(await run.VerifyFollowedAsync(record, log, cancellationToken)), cancellationToken);
    }

    public async Task<int> VerifyAsync(CancellationToken cancellationToken)
    {
        await using var source = stores.OpenSource(arguments.From);
        await using (var there = stores.OpenSource(arguments.To)) _ = there; // It must exist.
        await using var target = await stores.OpenTargetAsync(arguments.To, cancellationToken);
        using var rejects = arguments.OpenRejects();
        var run = Run(source, target.Store);
        return await ShowAsync(await run.VerifyFollowedAsync(await run.FindAsync(cancellationToken), rejects, cancellationToken));
    }

    public async Task<int> PlanAsync(CancellationToken cancellationToken)
    {
        var plan = await TransferPlan.ReadAsync(stores, arguments.From, arguments.To, cancellationToken);
        await output.WriteLineAsync($"From {plan.Source.Name} ({plan.Source.Kind}): {Describe(plan.Source.Contents!)}, {Size(plan.Source.Contents!.SizeBytes)}");
        foreach (var note in plan.Source.Contents.Notes) await output.WriteLineAsync($"     {note}");
        await output.WriteLineAsync(plan.Target.Contents is { } there ? $"to   {plan.Target.Name} ({plan.Target.Kind}): {Describe(there)}" : $"to   {plan.Target.Name}: {plan.Target.Kind}");
        if (plan.Disk is { } disk) await output.WriteLineAsync($"Disk: about {Size(disk.Needed)} needed, {Size(disk.Free)} free{(plan.IsDiskTooSmall ? ": NOT ENOUGH" : "")}");
        await output.WriteLineAsync($"Time: about {TransferPace.Duration(plan.Seconds)} to copy at {TransferPlan.RowsPerSecond.ToString("N0", CultureInfo.InvariantCulture)} rows/s, and a third of it to verify");
        await output.WriteLineAsync($"Steps: {string.Join("; ", TransferPlan.Steps)}.");
        await output.WriteLineAsync("Nothing was written. 'transfer run' with the same arguments does it.");
        return TransferCommand.Complete;
    }

    private TransferRun Run(ITransferSource source, ITransferTarget target) => new(source, target, arguments, TimeProvider.System, _progress.Show);

    private async Task<int> ShowAsync(TransferOutcome outcome)
    {
        _progress.End();
        var (report, path, rejects) = outcome;
        await output.WriteLineAsync($"\n{report.ToText()}\nReport: {path}.txt and .json{(rejects is null ? "" : $"\nRejected rows: {rejects}")}");
        return !report.IsEqual ? TransferCommand.Failed : report.Rejects > 0 ? TransferCommand.CompleteWithRejects : TransferCommand.Complete;
    }

    private static string Describe(TransferContents contents) => string.Create(CultureInfo.InvariantCulture, $"{contents.Readings ?? 0:N0} readings, {contents.Events ?? 0:N0} events");

    private static string Size(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:N1} MiB");
}
