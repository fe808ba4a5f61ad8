using Microsoft.EntityFrameworkCore;

namespace SensorDash.Data.Storage;

/// <summary>The roles of a database, in <c>store_info</c>.</summary>
/// <param name="contexts">The database.</param>
/// <param name="writerLock">The writer lock of this process.</param>
/// <param name="wait">A query that waits for the commits of other processes; null if there are none.</param>
public sealed class DatabaseRoles(IDbContextFactory<SensorDashContext> contexts, IWriterLock writerLock, string? wait) : IStoreRoles
{
    /// <inheritdoc/>
    public async Task<StoreState> ReadAsync(StoreScope scope, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var info = await context.Set<StoreInfo>().AsNoTracking().SingleAsync(cancellationToken);
        return scope == StoreScope.All ? new(info.Role, info.Successor, info.PromotedAt) : new(info.ReadingsRole, info.ReadingsSuccessor, info.ReadingsPromotedAt);
    }

    /// <inheritdoc/>
    public async Task WriteAsync(StoreScope scope, StoreState state, string? epoch, CancellationToken cancellationToken)
    {
        using var held = await writerLock.AcquireAsync(cancellationToken);
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        if (wait is not null) await context.Database.ExecuteSqlRawAsync(wait, cancellationToken);
        var info = await context.Set<StoreInfo>().SingleAsync(cancellationToken);
        if (scope == StoreScope.Readings) (info.ReadingsRole, info.ReadingsSuccessor, info.ReadingsPromotedAt) = (state.Role, state.Successor, state.PromotedAt);
        else (info.Role, info.Successor, info.PromotedAt) = (state.Role, state.Successor, state.PromotedAt);
        // Batches keep their numbers, so a position among them still belongs to the epoch in which they were numbered.
        if (epoch is not null && scope == StoreScope.All) (info.ReadingsEpoch, info.Epoch) = (info.ReadingsEpoch ?? info.Epoch, epoch);
        await context.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<string> ReadEpochAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.Set<StoreInfo>().Select(i => i.Epoch).SingleAsync(cancellationToken);
    }
}
