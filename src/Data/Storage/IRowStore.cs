namespace SensorDash.Data.Storage;

/// <summary>A row that ingest writes.</summary>
public interface IRow
{
    /// <summary>Type and key, for logs.</summary>
    string Describe();

    /// <summary>The node of a reading, the scope of an event: for people who look for what sends invalid rows.</summary>
    string Sender { get; }
}

/// <summary>The write side of a store. Safe for concurrent use.</summary>
public interface IRowStore<TRow>
    where TRow : IRow
{
    /// <summary>Adds a batch in one transaction, durable on return.</summary>
    /// <param name="batch">Valid rows in any order. A row whose key is stored, or is earlier in the batch, is a duplicate and changes nothing.</param>
    /// <param name="outcomes">At least as long as <paramref name="batch"/>; receives the outcome of each row.</param>
    /// <param name="cancellationToken">Honoured until the commit is sent; nothing is stored if it is cancelled before.</param>
    /// <returns>Rows added.</returns>
    /// <exception cref="StoreUnavailableException">Nothing is stored; the same batch may be sent again unchanged.</exception>
    /// <exception cref="StoreRejectedException">At least one row cannot be stored; nothing is stored.</exception>
    Task<int> AppendAsync(ReadOnlyMemory<TRow> batch, Memory<RowOutcome> outcomes, CancellationToken cancellationToken);
}
