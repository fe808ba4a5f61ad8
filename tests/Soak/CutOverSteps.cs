using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Data.Sqlite;
using SensorDash.Data.Transfer;
using SensorDash.Tests.Support;

namespace SensorDash.Soak.Tests;

/// <summary>Sees in the two stores which step a cut-over of another process has reached.</summary>
internal sealed class CutOverSteps : IAsyncDisposable
{
    private readonly SqliteConnection _sqlite;
    private readonly TimescaleStoreFixture _timescale;
    private readonly bool _isBack;
    private DbConnection? _old, _new;
    private DbTransaction? _hold;
    private long _transfers;

    /// <param name="path">The SQLite store.</param>
    /// <param name="timescale">The other store.</param>
    /// <param name="isBack">Whether the other store is the primary.</param>
    public CutOverSteps(string path, TimescaleStoreFixture timescale, bool isBack)
    {
        _sqlite = new(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        (_timescale, _isBack) = (timescale, isBack);
    }

    /// <summary>Before the cut-over: remembers the transfers in the old primary, to which it adds one.</summary>
    public async Task BeginAsync()
    {
        await _sqlite.OpenAsync();
        DbConnection sqlite = _sqlite, timescale = await _timescale.Database.OpenAsync(CancellationToken.None);
        (_old, _new) = _isBack ? (timescale, sqlite) : (sqlite, timescale);
        _transfers = await CountTransfersAsync();
    }

    /// <summary>Returns as soon as the step is reached, or a later one.</summary>
    public async Task WaitForAsync(CutOverStep step)
    {
        if (step == CutOverStep.Promoted)
        {
            // The last step is too near: the old primary is held until the process is killed, as by another program.
            await WaitForAsync(CutOverStep.ReverseNoted);
            await HoldAsync();
        }
        // Without a pause: the next step is a millisecond away.
        for (var watch = Stopwatch.StartNew(); await ReadAsync() < step;)
            if (watch.Elapsed > WaitFor.Limit) throw new TimeoutException($"The cut-over does not reach {step}.");
    }

    /// <summary>Lets go what is held, after the process is killed.</summary>
    public async Task ReleaseAsync()
    {
        if (_hold is not null) await _hold.DisposeAsync();
        _hold = null;
    }

    public async Task<CutOverStep> ReadAsync()
    {
        if (await ScalarAsync(_new!, "SELECT count(*) FROM store_info WHERE role = 'primary'") > 0)
            return await ScalarAsync(_old!, "SELECT count(*) FROM store_info WHERE role = 'retired'") > 0 ? CutOverStep.Promoted : CutOverStep.Reversed;
        if (await ScalarAsync(_old!, "SELECT count(*) FROM store_info WHERE role = 'retired'") == 0) return CutOverStep.Equal;
        return await CountTransfersAsync() > _transfers ? CutOverStep.ReverseNoted : CutOverStep.Retired;
    }

    private async Task HoldAsync()
    {
        _hold = await _old!.BeginTransactionAsync();
        await using var update = _old.CreateCommand();
        update.Transaction = _hold;
        update.CommandText = "UPDATE store_info SET id = id";
        await update.ExecuteNonQueryAsync();
    }

    // The first cut-over makes the table.
    private async Task<long> CountTransfersAsync()
        => _isBack || await ScalarAsync(_old!, "SELECT count(*) FROM sqlite_master WHERE name = 'transfers'") > 0 ? await ScalarAsync(_old!, "SELECT count(*) FROM transfers") : 0;

    private async Task<long> ScalarAsync(DbConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        (command.CommandText, command.Transaction) = (sql, connection == _old ? _hold : null);
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        await ReleaseAsync();
        if (_old is not null) await _old.DisposeAsync();
        if (_new is not null) await _new.DisposeAsync();
    }
}
