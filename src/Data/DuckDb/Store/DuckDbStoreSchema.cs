namespace SensorDash.Data.DuckDb.Store;

/// <summary>The schema of a DuckDB store of readings.</summary>
internal static class DuckDbStoreSchema
{
    // A file of another format is rejected.
    public const int Format = 5;

    private const string Schema = $"""
        CREATE TABLE store_state (format INTEGER NOT NULL, epoch VARCHAR NOT NULL, role VARCHAR NOT NULL, successor VARCHAR, promoted_at BIGINT);
        INSERT INTO store_state VALUES (5, left(replace(uuid()::VARCHAR, '-', ''), 8), 'primary', NULL, NULL);
        CREATE TABLE nodes (address INTEGER PRIMARY KEY, device_id BIGINT, node_type VARCHAR NOT NULL, first_seen_at BIGINT NOT NULL,
            last_seen_at BIGINT NOT NULL, total_readings BIGINT NOT NULL, duplicates_seen BIGINT NOT NULL, last_received_at BIGINT NOT NULL,
            last_received_timestamp BIGINT NOT NULL);
        CREATE TABLE ingest_batches (id BIGINT NOT NULL, committed_at BIGINT NOT NULL, row_count BIGINT NOT NULL, first_timestamp BIGINT NOT NULL,
            last_timestamp BIGINT NOT NULL, removed_node INTEGER, removed_before BIGINT, rows_hash BIGINT NOT NULL);
        CREATE TABLE followers (feed VARCHAR NOT NULL, name VARCHAR NOT NULL, cursor BIGINT NOT NULL, last_seen_at BIGINT NOT NULL, PRIMARY KEY (feed, name));
        {DuckDbMonths.Schema}
        """;

    /// <summary>Creates the schema in an empty file; checks it in a store.</summary>
    /// <exception cref="InvalidDataException">The file is not a store.</exception>
    public static void Prepare(DuckDbConnection connection, CancellationToken cancellationToken)
    {
        var tables = connection.ListTables(cancellationToken);
        if (IsStore(tables))
        {
            using var state = connection.Query("SELECT format FROM store_state", cancellationToken);
            var format = state.Read() ? state.Get<int>(0) : 0;
            if (format != Format) throw new InvalidDataException($"its format must be {Format} in this version of SensorDash, not {format}.");
            return;
        }
        if (tables.Count > 0) throw new InvalidDataException("it is a DuckDB file of another program. Readings:DuckDb:Path must name a new file or a store.");
        using var transaction = connection.BeginTransaction(cancellationToken);
        connection.Execute(Schema, cancellationToken);
        DuckDbMonths.Clear(connection, cancellationToken); // Creates an empty view of readings.
        transaction.Commit();
    }

    /// <summary>Whether a list of tables is that of a store.</summary>
    public static bool IsStore(IReadOnlySet<string> tables) => tables.Contains("store_state");
}
