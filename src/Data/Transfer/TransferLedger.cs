using System.Globalization;

namespace SensorDash.Data.Transfer;

/// <summary>What the ledger knows of the copied rows of a part.</summary>
/// <param name="End">Rows before this time are copied; null before the first chunk.</param>
/// <param name="Rows">Copied rows.</param>
/// <param name="Hash">Their hash, as the source had them.</param>
public readonly record struct TransferProgress(long? End, long Rows, long Hash);

/// <summary>The ledger of a target: its transfers, and a row for each chunk, which is written in the transaction of the chunk. A killed transfer goes on after the last chunk.</summary>
/// <remarks>The same SQL on every engine; all values but the record are numbers. The tables are made by the first transfer (ADR 0029).</remarks>
/// <param name="run">Runs one statement and returns its rows.</param>
public sealed class TransferLedger(Func<string, CancellationToken, Task<IReadOnlyList<object?[]>>> run)
{
    private static readonly (string Name, string Columns)[] _tables = [
        ("transfers", "id BIGINT PRIMARY KEY, record TEXT NOT NULL"),
        ("transfer_chunks", "transfer_id BIGINT NOT NULL, part INTEGER NOT NULL, from_time BIGINT NOT NULL, to_time BIGINT NOT NULL, "
            + "row_count BIGINT NOT NULL, rows_hash BIGINT NOT NULL, committed_at BIGINT NOT NULL, PRIMARY KEY (transfer_id, part, from_time)"),
        ("transfer_cursors", "transfer_id BIGINT NOT NULL, part INTEGER NOT NULL, epoch BIGINT NOT NULL, position BIGINT NOT NULL, committed_at BIGINT NOT NULL, "
            + "PRIMARY KEY (transfer_id, part)"),
        ("transfer_given_times", "transfer_id BIGINT NOT NULL, lane INTEGER NOT NULL, row_id BIGINT NOT NULL, given_time BIGINT NOT NULL, PRIMARY KEY (transfer_id, lane, row_id)"),
    ];

    /// <summary>Creates its tables.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        foreach (var (name, columns) in _tables) await run($"CREATE TABLE IF NOT EXISTS {name} ({columns})", cancellationToken);
    }

    /// <summary>Removes its tables. The transfers come last, so that an interrupted removal can be repeated.</summary>
    public async Task RemoveAsync(CancellationToken cancellationToken)
    {
        foreach (var (name, _) in _tables.Reverse()) await run($"DROP TABLE IF EXISTS {name}", cancellationToken);
    }

    /// <summary>All transfers into the target, oldest first. <see cref="PrepareAsync"/> comes first.</summary>
    public async Task<IReadOnlyList<TransferRecord>> ListAsync(CancellationToken cancellationToken)
        => [.. (await run("SELECT record FROM transfers ORDER BY id", cancellationToken)).Select(row => TransferRecord.Parse((string)row[0]!))];

    public Task AddAsync(TransferRecord record, CancellationToken cancellationToken)
        => run($"INSERT INTO transfers VALUES ({Text(record.Id)}, {Literal(record.ToJson())})", cancellationToken);

    public Task SaveAsync(TransferRecord record, CancellationToken cancellationToken)
        => run($"UPDATE transfers SET record = {Literal(record.ToJson())} WHERE id = {Text(record.Id)}", cancellationToken);

    public async Task<TransferProgress> ReadProgressAsync(long id, TransferPart part, CancellationToken cancellationToken)
    {
        var chunks = $"transfer_chunks WHERE transfer_id = {Text(id)} AND part = {Text((long)part)}";
        var (rows, hash, end) = (0L, 0L, (long?)null);
        // Hashes add up modulo 2⁶⁴, which no engine's sum does.
        const int Step = 10_000;
        while (true)
        {
            var after = end is null ? "" : $" AND to_time > {Text(end.Value)}";
            var read = await run($"SELECT to_time, row_count, rows_hash FROM {chunks}{after} ORDER BY from_time LIMIT {Text(Step)}", cancellationToken);
            foreach (var chunk in read) (end, rows, hash) = (Number(chunk[0]), rows + Number(chunk[1]), unchecked(hash + Number(chunk[2])));
            if (read.Count < Step) return new(end, rows, hash);
        }
    }

    /// <summary>The statement that adds a chunk, for the transaction of the chunk.</summary>
    public static string AddChunk(long id, TransferPart part, TransferRange range, TransferSummary summary, long committedAt)
        => $"INSERT INTO transfer_chunks VALUES ({Text(id)}, {Text((long)part)}, {Text(range.From)}, {Text(range.To)}, {Text(summary.Count)}, {Text(summary.Hash)}, {Text(committedAt)})";

    /// <summary>How far a part is followed; null before the first change.</summary>
    internal async Task<TransferCursor?> ReadCursorAsync(long id, TransferPart part, CancellationToken cancellationToken)
    {
        var rows = await run($"SELECT epoch, position, committed_at FROM transfer_cursors WHERE transfer_id = {Text(id)} AND part = {Text((long)part)}", cancellationToken);
        return rows.Count == 0 ? null : new(TransferCursor.EpochOf(Number(rows[0][0])), Number(rows[0][1]), Number(rows[0][2]));
    }

    /// <summary>The statement that moves a cursor, for the transaction of the changes.</summary>
    internal static string SetCursor(long id, TransferPart part, TransferCursor cursor)
        => $"INSERT INTO transfer_cursors VALUES ({Text(id)}, {Text((long)part)}, {Text(cursor.EpochNumber)}, {Text(cursor.Position)}, {Text(cursor.CommittedAt)}) "
            + "ON CONFLICT (transfer_id, part) DO UPDATE SET epoch = excluded.epoch, position = excluded.position, committed_at = excluded.committed_at";

    // Numbers of the tables of a file that is followed, beside those of the parts.
    internal const int ReadingTable = 10;
    internal const int FirstLaneTable = 11;

    /// <summary>The last row of each table of a file that the target has, by the number of the table.</summary>
    internal async Task<IReadOnlyDictionary<int, long>> ReadRowIdsAsync(long id, CancellationToken cancellationToken)
        => (await run($"SELECT part, position, committed_at FROM transfer_cursors WHERE transfer_id = {Text(id)} AND part >= {Text(ReadingTable)}", cancellationToken))
            .ToDictionary(row => (int)Number(row[0]), row => Number(row[1]));

    /// <summary>The statement that moves the row id of a table.</summary>
    internal static string SetRowId(long id, int table, long row)
        => $"INSERT INTO transfer_cursors VALUES ({Text(id)}, {Text(table)}, 0, {Text(row)}, 0) ON CONFLICT (transfer_id, part) DO UPDATE SET position = excluded.position";

    internal async Task<IReadOnlyList<GivenTime>> ReadGivenTimesAsync(long id, CancellationToken cancellationToken)
        => [.. (await run($"SELECT lane, row_id, given_time FROM transfer_given_times WHERE transfer_id = {Text(id)}", cancellationToken))
            .Select(row => new GivenTime((Events.Lane)Number(row[0]), Number(row[1]), Number(row[2])))];

    internal static string AddGivenTime(long id, GivenTime given)
        => $"INSERT INTO transfer_given_times VALUES ({Text(id)}, {Text((long)given.Lane)}, {Text(given.RowId)}, {Text(given.Time)})";

    private static long Number(object? value) => Convert.ToInt64(value, CultureInfo.InvariantCulture);

    // In parentheses: the lowest number is not a literal with a sign on every engine.
    private static string Text(long value)
        => value == long.MinValue ? "(-9223372036854775807 - 1)" : value.ToString(CultureInfo.InvariantCulture);

    internal static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
