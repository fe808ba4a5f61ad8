using System.Globalization;
using SensorDash.Data.Storage;

namespace SensorDash.Data.DuckDb.Store;

/// <summary>The role of a DuckDB store of readings, whatever the scope: it has nothing else.</summary>
internal sealed class DuckDbRoles(DuckDbReadingFile file) : IStoreRoles
{
    public Task<StoreState> ReadAsync(StoreScope scope, CancellationToken cancellationToken) => file.ReadAsync(
        connection =>
        {
            using var rows = connection.Query("SELECT role, coalesce(successor, ''), promoted_at FROM store_state", cancellationToken);
            rows.Read();
            var successor = rows.Get<string>(1);
            return new StoreState(Enum.Parse<StoreRole>(rows.Get<string>(0), ignoreCase: true), successor.Length == 0 ? null : successor, rows.Get<long?>(2));
        },
        cancellationToken);

    // Batches are numbered by this file, so its epoch stays.
    public Task WriteAsync(StoreScope scope, StoreState state, string? epoch, CancellationToken cancellationToken) => file.ReadAsync(
        connection => connection.Execute(string.Create(CultureInfo.InvariantCulture, $"""
            UPDATE store_state SET role = '{state.Role.ToString().ToLowerInvariant()}', successor = {(state.Successor is null ? "NULL" : $"'{state.Successor.Replace("'", "''", StringComparison.Ordinal)}'")},
                promoted_at = {state.PromotedAt?.ToString(CultureInfo.InvariantCulture) ?? "NULL"}
            """), cancellationToken),
        cancellationToken);

    public Task<string> ReadEpochAsync(CancellationToken cancellationToken)
        => file.ReadAsync(connection => connection.Scalar<string>("SELECT epoch FROM store_state", cancellationToken), cancellationToken);
}
