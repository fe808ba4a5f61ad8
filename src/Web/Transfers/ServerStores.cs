using Microsoft.Extensions.Options;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;
using SensorDash.Web.Commands.Transfer;
using SensorDash.Web.Operations;

namespace SensorDash.Web.Transfers;

/// <summary>Opens the sides of transfers that this server runs.</summary>
internal sealed class ServerStores(OwnStores own, IConfiguration configuration, IServiceProvider services, IOptions<SqliteOptions> sqlite, TimeProvider clock)
{
    private TransferStores Stores => new(configuration, clock);

    public OwnStores Own => own;

    /// <summary>Where reports are written: beside the database, or where it would be.</summary>
    public string ReportFolder => Path.GetDirectoryName(sqlite.Value.Path)!;

    /// <summary>The stores of this server that take imports.</summary>
    public IReadOnlyList<TransferAddress> Targets => own.HasDuckDb ? [own.Readings, own.Database] : [own.Database];

    /// <summary>Opens a file read-only.</summary>
    /// <exception cref="TransferException">It cannot be read.</exception>
    public ITransferSource OpenSource(TransferAddress address) => Stores.OpenSource(address);

    /// <summary>Opens a store of this server, which stays open when the side is disposed.</summary>
    public ITransferTarget OpenOwn(TransferAddress address) => address == own.Database ? own.OpenDatabase() : own.OpenReadings();

    /// <summary>Opens the second store of dual-write.</summary>
    /// <exception cref="TransferException">It cannot be the second store.</exception>
    /// <exception cref="StoreUnavailableException">It cannot be reached.</exception>
    public async Task<OpenTarget> OpenSecondAsync(TransferAddress address, CancellationToken cancellationToken)
    {
        // With the readings in DuckDB the database of this host is open already.
        if (own.HasDuckDb)
        {
            return address == own.Database ? new(own.OpenDatabase(), null)
                : throw new TransferException($"With Readings:Backend=DuckDb the secondary must be the database beside it, {own.Database.Text}, not {address.Text}. Move the readings back to the database first.");
        }
        if (address == own.Database) throw new TransferException($"Transfer:Secondary must be another store than the primary: {address.Text} is both.");
        var target = await Stores.OpenTargetAsync(address, cancellationToken);
        if (ListenAddresses.Local(services) is { } url) target.Services?.GetRequiredService<IStoreStartup>().NoteAddress(url);
        return target;
    }

    /// <summary>A short name of a store, as pages show it and users type it.</summary>
    public string NameOf(TransferAddress address) => address.IsFile ? Path.GetFileName(address.Place) : StoreSettings.NameOf(address, Stores.Timescale);
}
