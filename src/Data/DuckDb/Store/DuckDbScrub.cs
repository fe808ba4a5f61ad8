using SensorDash.Data.Scrub;
using SensorDash.Data.Storage;

namespace SensorDash.Data.DuckDb.Store;

/// <summary>DuckDB stores in a scrub.</summary>
public static class DuckDbScrub
{
    /// <summary>The database beside which DuckDB has the readings, with the readings of a file that is opened read-only.</summary>
    /// <exception cref="StoreUnavailableException">The file cannot be read, or another process has it open.</exception>
    public static OpenScrub WithReadingsOf(this OpenScrub database, string path, int? memoryLimitMiB, int? threads, TimeProvider clock)
    {
        var file = DuckDbTransfer.Open(path, memoryLimitMiB, threads, isReadOnly: true, clock);
        return new(database.Sources with { Readings = new DuckDbReadingScrub(file) }, database.Claim, [file, .. database.Owned]);
    }
}
