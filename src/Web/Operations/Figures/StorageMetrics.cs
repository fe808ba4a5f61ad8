using System.Diagnostics.Metrics;
using SensorDash.Web.Operations.Metrics;

namespace SensorDash.Web.Operations.Figures;

/// <summary>Instruments of the disk, its forecast, the backups and the warnings.</summary>
internal sealed class StorageMetrics
{
    public StorageMetrics(IMeterFactory meters, SystemWatch watch)
    {
        var meter = meters.Create(HubMetrics.MeterName);
        Gauge("sensordash.disk.free", "By", "Free bytes of the disk of the database, or where its file would be.", s => s.Disk?.Free);
        Gauge("sensordash.disk.size", "By", "Size of that disk.", s => s.Disk?.Size);
        Gauge("sensordash.disk.forecast", "s", "Time until that disk is full at the growth of the last 7 days; absent before a day of data, and while the size is steady.", s => s.DaysLeft * 86_400);
        Gauge("sensordash.backup.last_success_timestamp", "s", "When the newest good backup was made, in Unix seconds; absent without one.", s => s.Backup.NewestAt?.ToUnixTimeSeconds());
        meter.CreateObservableGauge("sensordash.warnings", () => SystemWarnings.Kinds.Select(kind => new Measurement<int>(watch.Latest.Any(w => w.Kind == kind) ? 1 : 0, new KeyValuePair<string, object?>("kind", kind))), null,
            "1 while the System page has a warning of this kind, 0 otherwise.");

        void Gauge(string name, string unit, string description, Func<SystemState, double?> read) => meter.CreateObservableGauge(
            name, () => watch.State is { } state && read(state) is { } value ? (Measurement<double>[])[new(value)] : [], unit, description);
    }
}
