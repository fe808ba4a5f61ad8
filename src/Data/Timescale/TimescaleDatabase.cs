using Microsoft.Extensions.Options;
using Npgsql;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Timescale;

/// <summary>The PostgreSQL server: how connections to it are pooled and set up.</summary>
public sealed class TimescaleDatabase : IDisposable, IAsyncDisposable
{
    /// <summary>How long a statement waits for another's lock before the call fails as unavailable.</summary>
    public const int LockTimeoutSeconds = 2;

    // A process that hangs between two statements, or whose machine is gone, holds the writers' lock no longer than this.
    private const int IdleTransactionTimeoutSeconds = 30;

    public TimescaleDatabase(IOptions<TimescaleOptions> settings)
    {
        var options = settings.Value;
        Name = FormattableString.Invariant($"{options.Database} on {options.Host}:{options.Port}");
        var connection = Connect(options);
        DataSource = new NpgsqlSlimDataSourceBuilder(connection.ToString()).EnableArrays().EnableJsonTypes().EnableTransportSecurity().Build();
        (connection.CommandTimeout, connection.Pooling, connection.Options) = (0, false, Limits(lockSeconds: 0, statementSeconds: 0));
        MigrationConnectionString = connection.ToString();
    }

    /// <summary>Database, host and port, for messages; never the password.</summary>
    public string Name { get; }

    /// <summary>For EF Core; everything else opens by <see cref="OpenAsync"/>.</summary>
    public NpgsqlDataSource DataSource { get; }

    /// <summary>For migrations: a statement that copies a table takes as long as it must, and waits for whoever uses the table.</summary>
    public string MigrationConnectionString { get; }

    /// <summary>Opens a pooled connection.</summary>
    /// <exception cref="StoreUnavailableException">The server cannot be reached, refuses, or has no connection free just now.</exception>
    public async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await DataSource.OpenConnectionAsync(cancellationToken);
        }
        catch (NpgsqlException e)
        {
            throw TimescaleErrors.Translate(e, cancellationToken);
        }
    }

    /// <summary>Runs a read on a pooled connection; cancelling it stops it on the server too.</summary>
    /// <exception cref="StoreUnavailableException">The server is temporarily unavailable, or the read took longer than allowed.</exception>
    public async Task<T> ReadAsync<T>(Func<NpgsqlConnection, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cancellationToken);
        try
        {
            return await read(connection, cancellationToken);
        }
        catch (NpgsqlException e)
        {
            throw TimescaleErrors.Translate(e, cancellationToken);
        }
    }

    /// <summary>Whether the server can hold a text, or be asked for it: no U+0000, no half of a surrogate pair.</summary>
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
        Password = Environment.GetEnvironmentVariable(options.PasswordEnv),
        SslMode = Enum.Parse<SslMode>(options.Ssl.ToString()),
        ApplicationName = "SensorDash",
        MinPoolSize = options.Pool.MinSize,
        MaxPoolSize = options.Pool.MaxSize,
        CommandTimeout = options.Pool.CommandTimeout,
        Timeout = options.Pool.ConnectionTimeout,
        KeepAlive = 30,
        MaxAutoPrepare = 40,
        WriteBufferSize = 32 * 1024, // COPY sends as much at a time.
        // Plans are made for the values: which chunks a range needs is then known before the query runs. And rows come out of an index
        // in order wherever one has it: of a chunk without statistics the planner would rather collect and sort everything for one page.
        // Late rows and removals may reach into as many compressed rows as there are; a server without TimescaleDB takes that as a word of nobody's.
        Options = Limits(LockTimeoutSeconds, options.Pool.CommandTimeout) + " -c jit=off -c enable_sort=off -c plan_cache_mode=force_custom_plan"
            + " -c timescaledb.max_tuples_decompressed_per_dml_transaction=0",
    };

    private static string Limits(int lockSeconds, int statementSeconds)
        => FormattableString.Invariant($"-c lock_timeout={lockSeconds}s -c statement_timeout={statementSeconds}s ")
            + FormattableString.Invariant($"-c idle_in_transaction_session_timeout={IdleTransactionTimeoutSeconds}s -c TimeZone=UTC");

    public void Dispose() => DataSource.Dispose();

    public ValueTask DisposeAsync() => DataSource.DisposeAsync();
}
