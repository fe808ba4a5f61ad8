using System.Globalization;
using SensorDash.Data.Events;
using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;
using SensorDash.Web.Transfers;

namespace SensorDash.Web.Commands.Transfer;

/// <summary>The commands that read the ledger of a target; also while a transfer runs, where the engine admits a second process.</summary>
internal static class TransferListCommand
{
    public static async Task<int> ListAsync(TransferStores stores, TransferAddress address, TextWriter output, CancellationToken cancellationToken)
    {
        var transfers = await ReadAsync(stores, address, cancellationToken);
        if (transfers.Count == 0) await output.WriteLineAsync("There is no transfer into this store.");
        foreach (var (record, readings, events) in transfers) await output.WriteLineAsync(Line(record, readings, events));
        return TransferCommand.Complete;
    }

    /// <param name="stores">Opens the stores.</param>
    /// <param name="address">The target.</param>
    /// <param name="from">The source; null: what the target knows is enough.</param>
    /// <param name="output">Where it is shown.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    public static async Task<int> StatusAsync(TransferStores stores, TransferAddress address, TransferAddress? from, TextWriter output, CancellationToken cancellationToken)
    {
        var transfers = await ReadAsync(stores, address, cancellationToken);
        if (transfers.Count == 0)
        {
            await output.WriteLineAsync("There is no transfer into this store.");
            return TransferCommand.Complete;
        }
        var (record, readings, events) = transfers[^1];
        var cursor = await ReadCursorAsync(stores, address, record, cancellationToken);
        await output.WriteLineAsync(Line(record, readings, events));
        if (record.State == TransferState.Copying && readings.End is { } reading && reading != record.Readings.To) await output.WriteLineAsync($"Readings are copied up to {EventTime.Format(reading * 1_000_000)}.");
        if (record.State == TransferState.Copying && events.End is { } position && position != record.Events.To) await output.WriteLineAsync($"Events are copied up to {EventTime.Format(position)}.");
        if (record.VerifiedAt is { } verified)
        {
            var age = TransferPace.Duration((TimeProvider.System.NowMicroseconds() - verified) / 1e6);
            var isStale = cursor is not null && record.IsStale(cursor);
            if (from is not null)
            {
                await using var source = stores.OpenSource(from, isQuiet: false);
                if (!record.IsFrom(source)) throw new TransferException($"The last transfer is from {record.Source}, not from {source.Name}.");
                isStale |= source is StoreSource store && record.IsStale(await store.ReadPositionAsync(cancellationToken));
            }
            await output.WriteLineAsync($"Verified {age} ago{(isStale ? ": stale, the source has gone on since. 'transfer verify' compares again" : "")}.");
        }
        if (record.State == TransferState.Copying) await output.WriteLineAsync("It is not finished: 'transfer run' with the same arguments goes on.");
        return TransferCommand.Complete;
    }

    /// <summary>Gives up the transfer that is not finished.</summary>
    public static async Task<int> GiveUpAsync(TransferStores stores, TransferAddress address, TextWriter output, CancellationToken cancellationToken)
    {
        await using var target = await stores.OpenTargetAsync(address, cancellationToken);
        var record = await TransferRunner.AbandonAsync(target.Store, null, cancellationToken) ?? throw new TransferException($"{target.Store.Name} has no transfer that is not finished.");
        await output.WriteLineAsync($"Transfer {record.Id} from {record.Source} is given up. What is copied stays in {target.Store.Name}, and another transfer may begin.");
        return TransferCommand.Complete;
    }

    private static async Task<IReadOnlyList<(TransferRecord Record, TransferProgress Readings, TransferProgress Events)>> ReadAsync(
        TransferStores stores, TransferAddress address, CancellationToken cancellationToken)
    {
        await using var store = stores.OpenSource(address, isQuiet: false);
        return store is StoreSource ledger ? await ledger.ReadTransfersAsync(cancellationToken)
            : throw new TransferException($"{store.Name} is a file of the {store.Kind}; only a store of SensorDash is the target of transfers.");
    }

    private static async Task<TransferStart?> ReadCursorAsync(TransferStores stores, TransferAddress address, TransferRecord record, CancellationToken cancellationToken)
    {
        await using var store = stores.OpenSource(address, isQuiet: false);
        return store is StoreSource ledger ? await ledger.ReadAppliedAsync(record, cancellationToken) : null;
    }

    private static string Line(TransferRecord record, TransferProgress readings, TransferProgress events) => string.Create(CultureInfo.InvariantCulture,
        $"{record.Id}  {record.State.ToString().ToLowerInvariant(),-9}  started {EventTime.Format(record.StartedAt)}{(record.VerifiedAt is { } at ? $", verified {EventTime.Format(at)}" : "")}  ")
        + string.Create(CultureInfo.InvariantCulture, $"{readings.Rows:N0} readings, {events.Rows:N0} events{(record.Rejects > 0 ? $", {record.Rejects:N0} rejected" : "")}  from {record.Source}");
}
