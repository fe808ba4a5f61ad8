using SensorDash.Data.Storage;

namespace SensorDash.Data.DuckDb;

/// <summary>The readers of a DuckDB file that may need to close while they read.</summary>
/// <remarks>DuckDB closes a file with its last connection; a caller that opens the file before that gets the same database. So before a file
/// is deleted, or reopened after a fatal error, all readers must end, although an export may read for hours.</remarks>
internal sealed class DuckDbReaders
{
    private readonly Lock _lock = new();
    private readonly HashSet<DuckDbReader> _open = [];

    /// <exception cref="StoreUnavailableException">The database is closed or unusable.</exception>
    public DuckDbReader Connect(DuckDbDatabase database, CancellationToken cancellationToken)
    {
        try
        {
            lock (_lock)
            {
                var reader = new DuckDbReader(this, database.Connect(), cancellationToken);
                _open.Add(reader);
                return reader;
            }
        }
        catch (Exception e) when (e is DuckDbException or ObjectDisposedException)
        {
            throw DuckDbReader.Unavailable(e);
        }
    }

    /// <summary>Interrupts every reader and closes its connection; after it returns, no readers remain. Close the database first.</summary>
    public void Evict()
    {
        DuckDbReader[] open;
        lock (_lock)
        {
            open = [.. _open];
            foreach (var reader in open) reader.Interrupt();
        }
        foreach (var reader in open) reader.Disconnect();
    }

    internal void Remove(DuckDbReader reader)
    {
        lock (_lock) _open.Remove(reader);
    }
}
