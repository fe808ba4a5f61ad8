using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using SensorDash.Data.Storage;

namespace SensorDash.Web.Operations;

/// <summary>Takes the database file for this process and brings its schema up to date before anything uses it.</summary>
internal sealed class DatabaseStart(
    SqliteDatabase database, IDbContextFactory<SensorDashContext> contexts, IOptions<DatabaseOptions> options, TimeProvider clock)
    : IHostedService, IDisposable
{
    private SqliteFileLock? _lock;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            _lock = SqliteFileLock.Acquire(database.Path, clock);
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            throw new StartException(e.Message, e);
        }
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var pending = await context.Database.GetPendingMigrationsAsync(cancellationToken);
        if (options.Value.MigrateAtStart) await context.Database.MigrateAsync(cancellationToken);
        else if (pending.Any())
        {
            throw new StartException($"the schema of {database.Path} lacks {string.Join(", ", pending)}. "
                + "Run 'dotnet ef database update', or set Database__MigrateAtStart=true.", null);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _lock?.Dispose();
}
