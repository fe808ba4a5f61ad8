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
    private static readonly string[] _tables = [
        "CREATE TABLE IF NOT EXISTS transfers (id BIGINT PRIMARY KEY, record TEXT NOT NULL)",
        "CREATE TABLE IF NOT EXISTS transfer_chunks (transfer_id BIGINT NOT NULL, part INTEGER NOT NULL, from_time BIGINT NOT NULL, to_time BIGINT NOT NULL, "
            + "row_count BIGINT NOT NULL, rows_hash BIGINT NOT NULL, committed_at BIGINT NOT NULL, PRIMARY KEY (transfer_id, part, from_time))",
    ];

    /// <summary>Creates its tables.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        foreach (var table in _tables) await run(table, cancellationToken);
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

    private static long Number(object? value) => Convert.ToInt64(value, CultureInfo.InvariantCulture);

    // In parentheses: the lowest number is not a literal with a sign on every engine.
    private static string Text(long value)
        => value == long.MinValue ? "(-9223372036854775807 - 1)" : value.ToString(CultureInfo.InvariantCulture);

    private static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
