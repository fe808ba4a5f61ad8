using SensorDash.Data.Timescale;
using SensorDash.Web.Backups;
using SensorDash.Web.Transfers;

namespace SensorDash.Web.Damage;

/// <summary>A repaired database that takes the place of the running one between two hosts.</summary>
/// <param name="Kind">Where its rows come from.</param>
/// <param name="Repaired">The database.</param>
/// <param name="Repair">Swaps it.</param>
/// <param name="Actor">Who began it.</param>
internal sealed record RepairPlan(RepairKind Kind, RepairedDatabase Repaired, DatabaseRepair Repair, BackupActor Actor) : HostSwap
{
    public override IReadOnlyList<KeyValuePair<string, string?>>? SettingsOf(TimescaleOptions defaults) => null;

    public override Task RunAsync(IConfiguration configuration, TimeProvider clock, CancellationToken cancellationToken) => Repair.SwapAsync(Repaired, cancellationToken);
}
