using SensorDash.Data.Storage;

namespace SensorDash.Web.Operations.Metrics;

/// <summary>The latest reports of the stores, for instruments, which cannot wait.</summary>
internal sealed class StoreFigures(IEnumerable<IStoreReporter> reporters, IStoreErrors errors)
{
    private volatile IReadOnlyList<StoreReport> _latest = [];

    public IReadOnlyList<StoreReport> Latest => _latest;

    /// <summary>Whether <see cref="Latest"/> has every store: none was unavailable.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>Reads them again; while a store is unavailable its figures are absent.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        var reports = new List<StoreReport>();
        foreach (var reporter in reporters)
        {
            try
            {
                reports.Add(await reporter.ReadAsync(cancellationToken));
            }
            catch (Exception e) when (errors.IsUnavailable(e))
            {
                // That it fails is a metric of its own.
            }
        }
        _latest = reports;
        IsWhole = reports.Count == reporters.Count();
    }
}
