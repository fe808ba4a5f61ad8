using SensorDash.Data.Storage;

namespace SensorDash.Data.DuckDb;

/// <summary>The readers of a DuckDB file that may need to close while they read.</summary>
/// <remarks>DuckDB closes a file with its last connection; a caller that opens the file before that gets the same database. So before a file
/// is deleted, or reopened after a fatal error, all readers must end, although an export may read for hours.</remarks>
internal sealed class DuckDbReaders
{
    private readonly Lock _lock = new();
    private readonly HashSet<DuckDbReader> _open = [];

    /// <exception cref="DuckDbException">DuckDB cannot open a connection.</exception>
    /// <exception cref="ObjectDisposedException">The database is closed.</exception>
    public DuckDbReader Connect(DuckDbDatabase database, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var reader = new DuckDbReader(this, database.Connect(), cancellationToken);
            _open.Add(reader);
            return reader;
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

/// <summary>An open database and its readers.</summary>
public sealed class DuckDbAccess
{
    private readonly DuckDbDatabase _database;
    private readonly DuckDbReaders _readers;

    internal DuckDbAccess(DuckDbDatabase database, DuckDbReaders readers) => (_database, _readers) = (database, readers);

    /// <exception cref="StoreUnavailableException">The database is closed or unusable.</exception>
    internal DuckDbReader Connect(CancellationToken cancellationToken)
    {
        try
        {
            return _readers.Connect(_database, cancellationToken);
        }
        catch (Exception e) when (e is DuckDbException or ObjectDisposedException)
        {
            throw DuckDbReader.Unavailable(e);
        }
    }
}
