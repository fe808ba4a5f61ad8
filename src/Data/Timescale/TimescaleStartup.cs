using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Timescale;

/// <summary>Checks first whether the server can be used, and reports the problem in one line if not.</summary>
public sealed partial class TimescaleStartup(TimescaleDatabase database, IOptions<TimescaleOptions> options, ILogger<TimescaleStartup> logger) : IStoreStartup
{
    private TimescaleOptions Settings => options.Value;

    /// <inheritdoc/>
    public string Name => database.Name;

    /// <inheritdoc/>
    public async Task ClaimAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await database.DataSource.OpenConnectionAsync(cancellationToken);
        }
        catch (NpgsqlException e)
        {
            throw new StoreStartupException(Explain(e)!, e);
        }
    }

    /// <inheritdoc/>
    public async Task ApplySettingsAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await database.DataSource.OpenConnectionAsync(cancellationToken);
            Log.Edition(logger, Name, await TimescaleLayout.ApplyAsync(connection, Settings, cancellationToken));
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            // A role may be limited to reading and writing; then the owner of the table applies the settings.
            Log.SettingsDenied(logger, Settings.User, e.MessageText);
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected)
        {
            // An export that locks the tables for hours, or another starting process, must not prevent ingestion.
            Log.SettingsDeferred(logger, e.MessageText);
        }
    }

    /// <inheritdoc/>
    public string? Explain(Exception error) => error switch
    {
        PostgresException server => Explain(server),
        NpgsqlException when error.InnerException is null && Password is null
            => $"the server of {Name} requires a password; set the environment variable {Settings.PasswordEnv}.",
        NpgsqlException or StoreUnavailableException or TimeoutException => $"the database {Name} cannot be reached: {error.Message}",
        _ => error.InnerException is { } inner ? Explain(inner) : null,
    };

    private string? Password => Environment.GetEnvironmentVariable(Settings.PasswordEnv);

    private string Explain(PostgresException error) => error.SqlState switch
    {
        PostgresErrorCodes.InvalidPassword => $"the server of {Name} rejected the password for role {Settings.User}; "
            + $"check the environment variable {Settings.PasswordEnv}{(Password is null ? ", which is not set" : "")}.",
        PostgresErrorCodes.InvalidCatalogName => $"the database {Settings.Database} does not exist on {Settings.Host}:{Settings.Port}. "
            + $"Create it with CREATE DATABASE {Settings.Database} OWNER {Settings.User}, or set Database__Timescale__Database to another.",
        PostgresErrorCodes.InsufficientPrivilege => $"role {Settings.User} lacks privileges in {Name}: {error.MessageText}. "
            + "docs/timescale.md lists the required privileges.",
        _ => $"the database {Name} cannot be used ({error.SqlState}): {error.MessageText}",
    };

    private static partial class Log
    {
        [LoggerMessage(31, LogLevel.Information, "Readings and events are in {Database}, edition {Edition}.")]
        public static partial void Edition(ILogger logger, string database, TimescaleEdition edition);

        [LoggerMessage(32, LogLevel.Warning, "Role {Role} cannot change chunk interval, compression and optional indexes ({Reason}); they stay as they are.")]
        public static partial void SettingsDenied(ILogger logger, string role, string reason);

        [LoggerMessage(33, LogLevel.Warning, "The tables are in use ({Reason}); a changed chunk interval, compression or optional index takes effect at the next startup.")]
        public static partial void SettingsDeferred(ILogger logger, string reason);
    }
}
