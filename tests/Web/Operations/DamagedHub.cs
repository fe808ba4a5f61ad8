using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Operations;

/// <summary>A database file that a test fills, damages, and compares with what it wrote.</summary>
internal sealed class DamagedHub : IDisposable
{
    private const int PageBytes = 4096;

    private readonly TemporaryFolder _folder = new();

    public string Path => _folder.File("hub.db");

    public string Backups => _folder.File("backups");

    public (string, string)[] Settings => [("Database__Sqlite__Path", Path), ("Backup__Folder", Backups)];

    public void Dispose() => _folder.Dispose();

    public SensorDashApp Start(params (string, string)[] settings) => new([("Database:Sqlite:Path", Path), ("Backup:Folder", Backups), ("Analytics:Enabled", "false"), .. settings]);

    public Task<ProgramRun> RunAsync(params string[] command) => ProgramRun.ToItsEndAsync(command, Settings);

    /// <summary>Readings of two nodes, events of two lanes, a name and a zone.</summary>
    public async Task FillAsync()
    {
        await using var app = Start();
        using var client = app.CreateClient();
        await app.Store.AddAsync(Some.Run(12, 3_000, interval: 60));
        await app.Store.AddAsync(Some.Run(14, 2_000, interval: 60));
        await PostEventsAsync(client, 0, 400);
        await SendAsync(client, HttpMethod.Post, "/api/zones", """{"name":"Cellar"}""");
        await SendAsync(client, HttpMethod.Put, "/api/nodes/12/metadata", """{"name":"North wall","zone_id":1}""");
    }

    /// <summary>What arrives after the damage: new readings, one that is late, one that was sent before, events, one of them again, and another zone with the same number.</summary>
    public async Task AddSinceAsync()
    {
        await using var app = Start();
        using var client = app.CreateClient();
        await app.Store.AddAsync(Some.Run(12, 50, until: Some.Noon + 3_000, interval: 60));
        await app.Store.AddAsync(Some.Reading(12, Some.Noon - 90, receivedAt: Some.Noon + 5_000), Some.Reading(12, Some.Noon, receivedAt: Some.Noon + 5_000), Some.Reading(15, Some.Noon));
        await PostEventsAsync(client, 398, 420);
        await SendAsync(client, HttpMethod.Post, "/api/zones", """{"name":"Roof"}""");
        await SendAsync(client, HttpMethod.Put, "/api/nodes/15/metadata", """{"name":"Mast","zone_id":1}""");
    }

    public async Task BackUpAsync(int keep = 5, TimeSpan later = default)
    {
        await using var app = Start(("Backup:Keep", $"{keep}"));
        app.Clock.Advance(later);
        await app.Services.GetRequiredService<Data.Backup.Backups>().CreateAsync(_ => { }, CancellationToken.None);
    }

    public static async Task PostEventsAsync(HttpClient client, int first, int end)
    {
        var body = string.Concat(Enumerable.Range(first, end - first).Select(i => (i % 2 == 0
            ? $$"""{"lane":"parsed","scopeId":"s","sourceTruthTime":"2026-01-26T10:00:{{i % 60:00}}Z","streamId":"st","streamType":"t","schemaVersion":"1","payload":{"n":{{i}},"text":"{{new string('x', 300)}}"} }"""
            : $$"""{"lane":"raw","scopeId":"s","sourceTruthTime":"2026-01-26T10:00:{{i % 60:00}}Z","connectionId":"c","sequence":{{i}},"bytes":"{{Convert.ToBase64String(Encoding.ASCII.GetBytes(new string('y', i == 7 ? 20_000 : 200 + i)))}}"}""") + "\n"));
        using var content = new StringContent(body, Encoding.UTF8, "application/x-ndjson");
        using var response = await client.PostAsync(new Uri("/api/events", UriKind.Relative), content);
        Assert.True(response.StatusCode == HttpStatusCode.OK, await response.Content.ReadAsStringAsync());
    }

    private static async Task SendAsync(HttpClient client, HttpMethod method, string path, string body)
    {
        using var request = new HttpRequestMessage(method, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        using var response = await client.SendAsync(request);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>Damages the file.</summary>
    /// <returns>Rows of the table that are on the damaged page.</returns>
    public async Task<int> BreakAsync(string damage)
    {
        var bytes = await WaitFor.FileReleasedAsync(Path);
        switch (damage)
        {
            case "header":
                bytes.AsSpan(0, 100).Fill(0xA5);
                break;
            case "first page":
                bytes.AsSpan(0, PageBytes).Clear();
                break;
            case "half":
                bytes = bytes[..(bytes.Length / 2 / PageBytes * PageBytes)];
                break;
            default:
                var (table, place) = (damage.Split(' ')[0], damage.Split(' ')[1]);
                var root = (int)(await RowsAsync($"SELECT rootpage FROM sqlite_master WHERE name = '{table}'")).Select(long.Parse).Single();
                var leaves = Leaves(bytes, root);
                var page = place == "root" ? root : leaves[leaves.Count / 2];
                var cells = BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(((page - 1) * PageBytes) + 3));
                bytes.AsSpan((page - 1) * PageBytes, PageBytes).Fill(0xA5);
                await File.WriteAllBytesAsync(Path, bytes);
                return cells;
        }
        await File.WriteAllBytesAsync(Path, bytes);
        return 0;
    }

    /// <summary>The pages at the ends of a tree.</summary>
    private static List<int> Leaves(byte[] bytes, int page)
    {
        var content = bytes.AsSpan((page - 1) * PageBytes, PageBytes);
        if (content[0] is 10 or 13) return [page];
        var children = new List<int>();
        for (var i = 0; i < BinaryPrimitives.ReadUInt16BigEndian(content[3..]); i++)
            children.Add(BinaryPrimitives.ReadInt32BigEndian(content[BinaryPrimitives.ReadUInt16BigEndian(content[(12 + (2 * i))..])..]));
        children.Add(BinaryPrimitives.ReadInt32BigEndian(content[8..]));
        return [.. children.SelectMany(child => Leaves(bytes, child))];
    }

    /// <summary>The readings, by node and time.</summary>
    public async Task<Dictionary<string, string>> ReadingsAsync(string? path = null)
        => (await RowsAsync("SELECT node_address || ' ' || timestamp || '|' || temperature_centidegrees || ' ' || coalesce(humidity_centipercent, '') || ' ' || flags || ' ' || received_at FROM sensor_readings", path))
            .Select(row => row.Split('|')).ToDictionary(row => row[0], row => row[1]);

    /// <summary>The events, by id; each once, whatever its lane.</summary>
    public async Task<Dictionary<string, string>> EventsAsync(string? path = null)
        => (await RowsAsync("SELECT hex(event_id) || '|' || source_truth_time || payload FROM parsed_events UNION ALL SELECT hex(event_id) || '|' || source_truth_time || hex(bytes) FROM raw_events", path))
            .Select(row => row.Split('|')).ToDictionary(row => row[0], row => row[1]);

    public async Task<List<string>> RowsAsync(string sql, string? path = null)
    {
        await using var connection = new SqliteConnection($"Data Source={path ?? Path};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync()) rows.Add(Convert.ToString(reader.GetValue(0), CultureInfo.InvariantCulture)!);
        return rows;
    }
}
