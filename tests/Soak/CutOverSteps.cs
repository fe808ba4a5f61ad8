using System.Diagnostics;
using System.Globalization;
using Microsoft.Data.Sqlite;
using SensorDash.Data.Transfer;
using SensorDash.Tests.Support;

namespace SensorDash.Soak.Tests;

/// <summary>Sees in the two stores which step a cut-over of another process has reached.</summary>
internal sealed class CutOverSteps : IAsyncDisposable
{
    private const string Retired = "SELECT count(*) FROM store_info WHERE role = 'retired'";
    private const string Primary = "SELECT count(*) FROM store_info WHERE role = 'primary'";
    private const string Transfers = "SELECT count(*) FROM transfers";

    private readonly SqliteConnection _sqlite;
    private readonly Func<string, Task<long>> _ofOld, _ofNew;
    private readonly bool _isBack;
    private long _transfers;

    /// <param name="path">The SQLite store.</param>
    /// <param name="timescale">The other store.</param>
    /// <param name="isBack">Whether the other store is the primary.</param>
    public CutOverSteps(string path, TimescaleStoreFixture timescale, bool isBack)
    {
        _sqlite = new(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        _isBack = isBack;
        _ofOld = isBack ? timescale.ScalarAsync : SqliteAsync;
        _ofNew = isBack ? SqliteAsync : timescale.ScalarAsync;
    }

    /// <summary>Before the cut-over: remembers the transfers in the old primary, to which it adds one.</summary>
    public async Task BeginAsync()
    {
        await _sqlite.OpenAsync();
        _transfers = await CountTransfersAsync();
    }

    /// <summary>Returns as soon as the step is reached, or a later one.</summary>
    public async Task WaitForAsync(CutOverStep step)
    {
        // Without a pause: the next step is a millisecond away.
        for (var watch = Stopwatch.StartNew(); await ReadAsync() < step;)
            if (watch.Elapsed > WaitFor.Limit) throw new TimeoutException($"The cut-over does not reach {step}.");
    }

    public async Task<CutOverStep> ReadAsync()
    {
        if (await _ofNew(Primary) > 0) return await _ofOld(Retired) > 0 ? CutOverStep.Promoted : CutOverStep.Reversed;
        if (await _ofOld(Retired) == 0) return CutOverStep.Equal;
        return await CountTransfersAsync() > _transfers ? CutOverStep.ReverseNoted : CutOverStep.Retired;
    }

    // The first cut-over makes the table.
    private async Task<long> CountTransfersAsync()
        => _isBack || await SqliteAsync("SELECT count(*) FROM sqlite_master WHERE name = 'transfers'") > 0 ? await _ofOld(Transfers) : 0;

    private async Task<long> SqliteAsync(string sql)
    {
        await using var command = _sqlite.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    public ValueTask DisposeAsync() => _sqlite.DisposeAsync();
}
