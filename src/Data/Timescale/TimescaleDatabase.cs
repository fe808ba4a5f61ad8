using Microsoft.Extensions.Options;
using Npgsql;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Timescale;

/// <summary>The PostgreSQL server: the pool and settings of its connections.</summary>
public sealed class TimescaleDatabase : IDisposable, IAsyncDisposable
{
    /// <summary>Maximum wait of a statement for a lock before the call fails as unavailable.</summary>
    public const int LockTimeoutSeconds = 2;

    public TimescaleDatabase(IOptions<TimescaleOptions> settings)
    {
        var options = settings.Value;
        HasContentIndex = options.ContentIndex;
        WriterTimeout = options.Pool.WriterTimeout;
        Name = FormattableString.Invariant($"{options.Database} on {options.Host}:{options.Port}");
        var connection = Connect(options);
        DataSource = new NpgsqlSlimDataSourceBuilder(connection.ToString()).EnableArrays().EnableJsonTypes().EnableTransportSecurity().Build();
        (connection.CommandTimeout, connection.Pooling, connection.Options) = (0, false, Limits(lockSeconds: 0, statementSeconds: 0, WriterTimeout));
        MigrationConnectionString = connection.ToString();
    }

    /// <summary><see cref="TimescaleOptions.ContentIndex"/>.</summary>
    public bool HasContentIndex { get; }

    /// <summary><see cref="TimescalePoolOptions.WriterTimeout"/>.</summary>
    internal int WriterTimeout { get; }

    /// <summary>Database, host and port, for messages; never the password.</summary>
    public string Name { get; }

    /// <summary>For EF Core; everything else uses <see cref="OpenAsync"/>.</summary>
    public NpgsqlDataSource DataSource { get; }

    /// <summary>For migrations: a statement that copies a table has no time limit, and waits for other users of the table.</summary>
    public string MigrationConnectionString { get; }

    /// <summary>Opens a pooled connection.</summary>
    /// <exception cref="StoreUnavailableException">The server is temporarily unavailable, rejects the connection, or has no free connection.</exception>
    public async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await DataSource.OpenConnectionAsync(cancellationToken);
        }
        catch (Exception e) when (TimescaleErrors.IsOfDriver(e))
        {
            throw TimescaleErrors.Translate(e, cancellationToken);
        }
    }

    /// <summary>Runs a read on a pooled connection; cancelling it also cancels it on the server.</summary>
    /// <exception cref="StoreUnavailableException">The server is temporarily unavailable, or the read timed out.</exception>
    public async Task<T> ReadAsync<T>(Func<NpgsqlConnection, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cancellationToken);
        try
        {
            return await read(connection, cancellationToken);
        }
        catch (Exception e) when (TimescaleErrors.IsOfDriver(e))
        {
            throw TimescaleErrors.Translate(e, cancellationToken);
        }
    }

    /// <summary>Whether the server supports a string: no U+0000, no unpaired surrogate.</summary>
    internal static bool CanHold(string text)
    {
        if (text.Contains('\0')) return false;
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1])) return false;
            i++;
        }
        return true;
    }

    private static NpgsqlConnectionStringBuilder Connect(TimescaleOptions options) => new()
    {
        Host = options.Host,
        Port = options.Port,
        Database = options.Database,
        Username = options.User,
        Password = options.Password ?? Environment.GetEnvironmentVariable(options.PasswordEnv),
        SslMode = Enum.Parse<SslMode>(options.Ssl.ToString()),
        ApplicationName = "SensorDash",
        MinPoolSize = options.Pool.MinSize,
        MaxPoolSize = options.Pool.MaxSize,
        CommandTimeout = options.Pool.CommandTimeout,
        Timeout = options.Pool.ConnectionTimeout,
        KeepAlive = 30,
        MaxAutoPrepare = 40,
        WriteBufferSize = 32 * 1024, // The block size of COPY.
        // Plans use the values, so that the planner knows the chunks of a range before the query runs. Rows come from an index
        // in order where possible: for a chunk without statistics the planner would otherwise sort all rows for one page.
        // Late rows and removals may decompress any number of rows; a server without TimescaleDB ignores this setting.
        Options = Limits(LockTimeoutSeconds, options.Pool.CommandTimeout, options.Pool.WriterTimeout) + " -c jit=off -c enable_sort=off -c plan_cache_mode=force_custom_plan"
            + " -c timescaledb.max_tuples_decompressed_per_dml_transaction=0" + (options.IsReadOnly ? " -c default_transaction_read_only=on" : ""),
    };

    private static string Limits(int lockSeconds, int statementSeconds, int writerSeconds)
        => FormattableString.Invariant($"-c lock_timeout={lockSeconds}s -c statement_timeout={statementSeconds}s ")
            + FormattableString.Invariant($"-c idle_in_transaction_session_timeout={writerSeconds}s -c TimeZone=UTC");

    public void Dispose() => DataSource.Dispose();

    public ValueTask DisposeAsync() => DataSource.DisposeAsync();
}
