using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using SensorDash.Data.DuckDb.Store;
using SensorDash.Data.Readings;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Storage;
using SensorDash.Data.Timescale;
using SensorDash.Data.Transfer;
using SensorDash.Web.Commands.Transfer;

namespace SensorDash.Web.Transfers;

/// <summary>The stores that this host holds, as sides of a transfer.</summary>
internal sealed class OwnStores(IServiceProvider services, IOptions<DatabaseOptions> database, IOptions<ReadingsOptions> readings, TimeProvider clock)
{
    /// <summary>Whether a DuckDB file holds the readings.</summary>
    public bool HasDuckDb => readings.Value.Backend == ReadingsBackend.DuckDb;

    /// <summary>The address of the database.</summary>
    public TransferAddress Database => database.Value.Provider == DatabaseOptions.TimescaleProvider
        ? StoreSettings.AddressOf(services.GetRequiredService<IOptions<TimescaleOptions>>().Value) : new(StoreKind.Sqlite, services.GetRequiredService<SqliteDatabase>().Path);

    /// <summary>The address of the store that holds the readings.</summary>
    public TransferAddress Readings => HasDuckDb ? new(StoreKind.DuckDb, services.GetRequiredService<DuckDbReadingFile>().Path) : Database;

    /// <summary>The roles of the database, or of the store of readings.</summary>
    public IStoreRoles Roles(StoreScope scope) => services.GetRequiredKeyedService<IStoreRoles>(scope);

    /// <summary>Opens the database as a side; it stays open when the side is disposed.</summary>
    public ITransferTarget OpenDatabase()
    {
        var contexts = services.GetRequiredService<IDbContextFactory<SensorDashContext>>();
        return database.Value.Provider == DatabaseOptions.TimescaleProvider
            ? TimescaleTransfer.OpenTarget(services.GetRequiredService<TimescaleDatabase>(), contexts, clock)
            : SqliteTransfer.OpenTarget(services.GetRequiredService<SqliteDatabase>(), contexts, clock);
    }

    /// <summary>Opens the store that holds the readings, as <see cref="OpenDatabase"/>.</summary>
    public ITransferTarget OpenReadings() => HasDuckDb ? DuckDbTransfer.OpenTarget(services.GetRequiredService<DuckDbReadingFile>(), services.GetRequiredService<DuckDbReadingStore>(), clock) : OpenDatabase();
}
