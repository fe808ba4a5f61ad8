using SensorDash.Data.Storage;

namespace SensorDash.Data.DuckDb.Store;

/// <inheritdoc cref="IStoreReporter"/>
public sealed class DuckDbStoreReporter(DuckDbReadingFile file) : IStoreReporter
{
    /// <inheritdoc/>
    public Task<StoreReport> ReadAsync(CancellationToken cancellationToken)
        => file.ReadAsync(
            connection =>
            {
                var version = connection.Scalar<string>("SELECT version()", cancellationToken).TrimStart('v');
                var months = DuckDbMonths.List(connection, cancellationToken);
                return new StoreReport("DuckDB", null, version, Path.GetFileName(file.Path), FileSize.Of(file.Path, file.Path + ".wal"))
                { Parts = new PartUse("month", months.Count, months.Count, null) };
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<string?> ReadLimitationAsync(CancellationToken cancellationToken) => Task.FromResult(file.Repair);
}
