using System.Net.Http.Headers;
using System.Text;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Conformance;

/// <summary>One configuration of the program, filled with <see cref="SentReadings"/> over HTTP as nodes would fill it. It is only read afterwards.</summary>
/// <param name="answersMetric">The metric that counts its answers to questions over many readings: proof that this engine is tested, not another one.</param>
/// <param name="settings">What makes the configuration.</param>
public abstract class Engine(string answersMetric, params (string Key, string Value)[] settings) : IAsyncLifetime
{
    private SensorDashApp _app = null!; // Made, as the client, when the engine is started.

    public HttpClient Client { get; private set; } = null!;

    /// <summary>Why there is no such engine here; null when there is.</summary>
    public string? SkipReason { get; private set; }

    public async Task InitializeAsync()
    {
        try
        {
            _app = new SensorDashApp([.. settings, .. await PrepareAsync()]);
        }
        catch (SkipException e)
        {
            SkipReason = e.Message;
            return;
        }
        Client = _app.CreateClient();
        foreach (var step in SentReadings.Steps)
        {
            using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(step.Body));
            content.Headers.ContentType = new MediaTypeHeaderValue(step.MediaType);
            using var request = new HttpRequestMessage(new HttpMethod(step.Method), step.Path) { Content = content };
            using var answer = await Client.SendAsync(request);
            Assert.True(answer.IsSuccessStatusCode, $"{step.Method} {step.Path}: {await answer.Content.ReadAsStringAsync()}");
        }
        await ReadyAsync();
    }

    public virtual async Task DisposeAsync()
    {
        if (_app is not null) await _app.DisposeAsync();
    }

    /// <summary>Questions answered since the start: by this engine, and by any other.</summary>
    public async Task<(double ByThis, double ByOthers)> AnswersAsync()
    {
        var (duckDb, store) = (await _app.MetricAsync(SensorDashApp.QueriesByDuckDb), await _app.MetricAsync(SensorDashApp.QueriesByStore));
        return answersMetric == SensorDashApp.QueriesByDuckDb ? (duckDb, store) : (store, duckDb);
    }

    /// <summary>Makes what the program needs, and gives the settings that lead to it.</summary>
    protected virtual Task<(string Key, string Value)[]> PrepareAsync() => Task.FromResult<(string, string)[]>([]);

    /// <summary>Ends when the engine answers from everything that was sent.</summary>
    protected virtual Task ReadyAsync() => Task.CompletedTask;

    /// <summary>For a side path.</summary>
    protected Task WaitUntilCaughtUpAsync() => _app.WaitUntilCaughtUpAsync();
}

/// <summary>The reference: what the others answer must be what this one answers.</summary>
public sealed class SqliteEngine() : Engine(SensorDashApp.QueriesByStore, ("Analytics:Enabled", "false"));

/// <summary>DuckDB as the store.</summary>
public sealed class DuckDbEngine() : Engine(SensorDashApp.QueriesByDuckDb, ("Readings:Backend", "DuckDb"));

public sealed class SqliteWithDuckDbEngine() : Engine(SensorDashApp.QueriesByDuckDb)
{
    protected override Task ReadyAsync() => WaitUntilCaughtUpAsync();
}

/// <summary>A database of its own on the test server.</summary>
public abstract class PostgresEngine(TimescaleEdition edition, string answersMetric, params (string Key, string Value)[] settings) : Engine(answersMetric, settings)
{
    private TimescaleStoreFixture? _database;

    protected override async Task<(string Key, string Value)[]> PrepareAsync()
    {
        _database = await TimescaleStoreFixture.CreateEmptyAsync(edition);
        return _database.ProgramSettings;
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        if (_database is not null) await _database.DisposeAsync();
    }
}

/// <summary>Without the extension, and answering everything itself.</summary>
public sealed class PlainPostgresEngine() : PostgresEngine(TimescaleEdition.Plain, SensorDashApp.QueriesByStore, ("Analytics:Enabled", "false"));

public sealed class TimescaleEngine() : PostgresEngine(TimescaleEdition.Apache, SensorDashApp.QueriesByDuckDb)
{
    protected override Task ReadyAsync() => WaitUntilCaughtUpAsync();
}
