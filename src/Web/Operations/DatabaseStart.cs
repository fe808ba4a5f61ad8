using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using SensorDash.Data.Storage;

namespace SensorDash.Web.Operations;

/// <summary>Takes the database file for this process and brings its schema up to date before anything uses it.</summary>
internal sealed class DatabaseStart(
    SqliteDatabase database, IDbContextFactory<SensorDashContext> contexts, IOptions<DatabaseOptions> options, TimeProvider clock)
    : IDisposable
{
    private SqliteFileLock? _lock;

    /// <exception cref="StartException">Another process has the file, it cannot be opened, or its schema is behind.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            _lock = SqliteFileLock.Acquire(database.Path, clock);
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            throw new StartException(e.Message, e);
        }
        try
        {
            await PrepareSchemaAsync(cancellationToken);
        }
        catch (Exception e) when (e is DbException || SqliteDatabase.IsUnavailable(e))
        {
            throw new StartException($"the database {database.Path} cannot be used: {e.Message}", e);
        }
    }

    private async Task PrepareSchemaAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var pending = await context.Database.GetPendingMigrationsAsync(cancellationToken);
        if (options.Value.MigrateAtStart) await context.Database.MigrateAsync(cancellationToken);
        else if (pending.Any())
        {
            throw new StartException($"the schema of {database.Path} lacks {string.Join(", ", pending)}. "
                + "Run 'dotnet ef database update', or set Database__MigrateAtStart=true.", null);
        }
    }

    public void Dispose() => _lock?.Dispose();
}
