namespace SensorDash.Data.Storage;

/// <summary>The checks and setup of an engine before anything uses the store.</summary>
public interface IStoreStartup
{
    /// <summary>The name of the database in messages.</summary>
    string Name { get; }

    /// <summary>Whether the claim would create an empty store.</summary>
    bool IsNew => false;

    /// <summary>Damage of the former database that waits for the owner's decision; null without.</summary>
    StoreDamage? Damage => null;

    /// <summary>After a new database in place of a damaged one has its schema: takes over from it who may do what. Does nothing if that is done.</summary>
    /// <param name="sidePath">Where the side path of the damaged database was set aside; null without.</param>
    Task CompleteDamageAsync(string? sidePath, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The owner goes on without the damaged database. Its files stay.</summary>
    void ForgetDamage()
    {
    }

    /// <summary>Checks that the store exists and that this process may use it. This is the first access to the store.</summary>
    /// <exception cref="StoreStartupException">The store cannot be used; the message states the reason and the fix.</exception>
    Task ClaimAsync(CancellationToken cancellationToken);

    /// <summary>Removes the lock of migrations that a killed process left. Called after the claim, before migrations.</summary>
    /// <remarks>Only EF Core's lock on SQLite outlives its process: it is a row. A server releases its locks with the connection.</remarks>
    Task ReleaseMigrationLockAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Why migrations of existing data cannot run, such as a disk without space, as a sentence with the fix; null: nothing is known against it.</summary>
    /// <remarks>A server's disk is not known here: it refuses by itself, and its transaction leaves everything as it was.</remarks>
    string? FindUpgradeObstacle() => null;

    /// <summary>Copies existing data before migrations change them; does nothing where the store has backups of its own.</summary>
    /// <param name="migration">The first migration, for the name of the copy: an upgrade that goes on after a kill keeps the copy of its beginning.</param>
    /// <returns>The copy; null without one.</returns>
    Task<string?> CopyBeforeUpgradeAsync(string migration, CancellationToken cancellationToken) => Task.FromResult<string?>(null);

    /// <summary>Applies the settings that need no migration. The schema is already current.</summary>
    Task ApplySettingsAsync(CancellationToken cancellationToken);

    /// <summary>Notes at the lock of the store where its server listens, so that commands find it. Does nothing where a store has no lock.</summary>
    void NoteAddress(string url)
    {
    }

    /// <summary>Notes at the lock of the store that this host ends to be followed by another one of the same process: no command gets the store between them.</summary>
    void NoteSwitch()
    {
    }

    /// <summary>One line with the fix for an error of the driver; null for other errors.</summary>
    string? Explain(Exception error);
}

/// <summary>The store cannot be used; the message states the reason and the fix.</summary>
public sealed class StoreStartupException : Exception
{
    public StoreStartupException()
    {
    }

    public StoreStartupException(string message)
        : base(message)
    {
    }

    public StoreStartupException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
