using System.Globalization;
using System.Text;
using Microsoft.EntityFrameworkCore;
using SensorDash.Data;
using SensorDash.Data.Access;
using SensorDash.Data.Storage;
using SensorDash.Migrations;
using SensorDash.Web.Commands.Transfer;
using SensorDash.Web.Security;

namespace SensorDash.Web.Commands.Users;

/// <summary>Edits the users of the database of the settings, also while a server uses it.</summary>
internal sealed class UserEditor : IAsyncDisposable
{
    // Another process writes; each try waits two seconds for it.
    private const int MaxTries = 10;

    private readonly ServiceProvider _services;
    private readonly Passwords _passwords = new();

    private UserEditor(ServiceProvider services) => _services = services;

    private AccessStore Store => _services.GetRequiredService<AccessStore>();

    /// <exception cref="UserCommandException">The database does not exist, or is not one of this version.</exception>
    /// <exception cref="StoreUnavailableException">It does not respond.</exception>
    public static async Task<UserEditor> OpenAsync(IConfiguration configuration, CancellationToken cancellationToken)
    {
        var address = new TransferStores(configuration, TimeProvider.System).Configured;
        var isSqlite = address.Kind == StoreKind.Sqlite;
        if (isSqlite && !File.Exists(address.Place)) throw new UserCommandException($"There is no database {address.Place}. Start the server once, or name the file with --Database:Sqlite:Path.");
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddConfiguration(configuration).AddInMemoryCollection(isSqlite ? [new("Database:Sqlite:Path", address.Place)] : []).Build());
        services.AddLogging();
        services.AddSensorDashData();
        services.AddSingleton<AccessStore>();
        if (isSqlite) services.AddSqlite().AddSqliteSchema();
        else services.AddTimescale().AddTimescaleSchema();
        var editor = new UserEditor(services.BuildServiceProvider());
        try
        {
            await editor.CheckSchemaAsync(cancellationToken);
            return editor;
        }
        catch
        {
            await editor.DisposeAsync();
            throw;
        }
    }

    public async Task<int> ListAsync(CancellationToken cancellationToken)
    {
        var users = await RetryAsync(() => Store.ListUsersAsync(cancellationToken));
        if (users.Count == 0) await Console.Out.WriteLineAsync("There are no users.");
        foreach (var user in users)
            await Console.Out.WriteLineAsync($"{user.Name,-24} {user.Role.ToString().ToLowerInvariant(),-8} {(user.LastSignInAt is { } at ? $"signed in {Time(at)}" : "has not signed in")}");
        return 0;
    }

    public async Task<int> AddAsync(string name, UserRole role, string? passwordFile, CancellationToken cancellationToken)
    {
        name = Sessions.Normalize(name);
        if (Sessions.NameError(name) is { } error) throw new UserCommandException($"The name {error}.");
        var hash = await _passwords.HashAsync(ReadPassword(name, passwordFile), cancellationToken);
        var change = await RetryAsync(() => Store.AddUserAsync(new() { Name = name, Role = role, PasswordHash = hash }, isFirst: false, cancellationToken));
        return await EndAsync(AuditAction.UserAdd, change, name, $"Added {name}, {role.ToString().ToLowerInvariant()}.", $"role: {role.ToString().ToLowerInvariant()}");
    }

    public async Task<int> ResetAsync(string name, string? passwordFile, CancellationToken cancellationToken)
    {
        name = Sessions.Normalize(name);
        if (await RetryAsync(() => Store.FindUserAsync(name, cancellationToken)) is null) return await UsersCommand.EndAsync(AccessChange.NotFound, name, "");
        var hash = await _passwords.HashAsync(ReadPassword(name, passwordFile), cancellationToken);
        return await EndAsync(AuditAction.UserPassword, await RetryAsync(() => Store.SetPasswordAsync(name, hash, null, cancellationToken)), name, $"{name} has a new password, and is signed out everywhere.", null);
    }

    public async Task<int> RemoveAsync(string name, CancellationToken cancellationToken)
    {
        name = Sessions.Normalize(name);
        return await EndAsync(AuditAction.UserRemove, await RetryAsync(() => Store.RemoveUserAsync(name, cancellationToken)), name, $"Removed {name}.", null);
    }

    private async Task<int> EndAsync(string action, AccessChange change, string name, string done, string? detail)
    {
        if (change == AccessChange.Done) await _services.GetRequiredService<AuditLog>().RecordAsync(AuditLog.CommandLine, null, action, name, AuditOutcome.Done, detail);
        return await UsersCommand.EndAsync(change, name, done);
    }

    public async ValueTask DisposeAsync()
    {
        _passwords.Dispose();
        await _services.DisposeAsync();
    }

    private async Task CheckSchemaAsync(CancellationToken cancellationToken) => await RetryAsync(async () =>
    {
        await using var context = await _services.GetRequiredKeyedService<IDbContextFactory<SensorDashContext>>(SchemaServices.ForMigrations).CreateDbContextAsync(cancellationToken);
        if ((await context.Database.GetPendingMigrationsAsync(cancellationToken)).Any()) throw new UserCommandException("The database is of an older version. Start the server once; it brings the database up to date.");
        return true;
    });

    private async Task<T> RetryAsync<T>(Func<Task<T>> call)
    {
        var errors = _services.GetRequiredService<IStoreErrors>();
        for (var i = 1; ; i++)
        {
            try
            {
                return await call();
            }
            catch (Exception e) when (errors.FindUnavailable(e) is { } unavailable)
            {
                if (i == MaxTries || unavailable is StoreDamagedException) throw unavailable;
            }
        }
    }

    private static string ReadPassword(string name, string? file)
    {
        var password = file is null ? AskTwice() : File.ReadLines(file).FirstOrDefault();
        return Passwords.Error(password, name) is { } error ? throw new UserCommandException($"The password {error}.") : password!;
    }

    private static string? AskTwice()
    {
        if (Console.IsInputRedirected) throw new UserCommandException("There is no terminal to ask for the password; name a file with --password-file.");
        var (first, second) = (Ask("Password: "), Ask("Again:    "));
        return first == second ? first : throw new UserCommandException("The two passwords differ; nothing is changed.");
    }

    private static string Ask(string prompt)
    {
        Console.Error.Write(prompt);
        var text = new StringBuilder();
        for (var key = Console.ReadKey(intercept: true); key.Key != ConsoleKey.Enter; key = Console.ReadKey(intercept: true))
        {
            if (key.Key == ConsoleKey.Backspace) text.Length = Math.Max(0, text.Length - 1);
            else if (!char.IsControl(key.KeyChar)) text.Append(key.KeyChar);
        }
        Console.Error.WriteLine();
        return text.ToString();
    }

    private static string Time(long microseconds) => DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond).ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);
}
