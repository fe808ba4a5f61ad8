using System.Buffers.Binary;
using System.Globalization;
using System.Text.RegularExpressions;
using SensorDash.Data.Storage;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Operations;

/// <summary>A database that was damaged and set aside: what comes back, with what has arrived since.</summary>
public sealed partial class RepairTests : IDisposable
{
    private readonly DamagedHub _hub = new();

    public void Dispose() => _hub.Dispose();

    [Theory]
    [InlineData("header", "")]
    [InlineData("first page", "")]
    [InlineData("sensor_readings leaf", "readings")]
    [InlineData("sensor_readings root", "readings")]
    [InlineData("ix_sensor_readings_timestamp leaf", "")]
    [InlineData("parsed_events leaf", "events")]
    [InlineData("event_index leaf", "")]
    public async Task Salvage_LosesTheRowsOfTheDamagedPageOnly(string damage, string lostKind)
    {
        await _hub.FillAsync();
        var (readings, events) = (await _hub.ReadingsAsync(), await _hub.EventsAsync());
        var onPage = await _hub.BreakAsync(damage);
        await _hub.AddSinceAsync();
        var (readingsSince, eventsSince) = (await _hub.ReadingsAsync(), await _hub.EventsAsync());
        var aside = StoreDamage.Read(_hub.Path)!.Aside;
        var before = await File.ReadAllBytesAsync(aside);

        var run = await _hub.RunAsync("damage", "salvage");

        Assert.True(run.ExitCode == 0, run.Errors);
        Assert.Equal(before, await File.ReadAllBytesAsync(aside));
        var (readingsNow, eventsNow) = (await _hub.ReadingsAsync(), await _hub.EventsAsync());
        AssertMerged(readings, readingsSince, readingsNow, lostKind == "readings" ? onPage : 0);
        AssertMerged(events, eventsSince, eventsNow, lostKind == "events" ? onPage : 0);
        Assert.Equal(lostKind.Length == 0 ? 0 : onPage, Lost().Matches(run.Output).Sum(m => int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture)));
        await AssertIsAStoreAsync();
    }

    [Fact]
    public async Task Salvage_HalfAFile_GivesWhatIsThere()
    {
        await _hub.FillAsync();
        var (readings, events) = (await _hub.ReadingsAsync(), await _hub.EventsAsync());
        await _hub.BreakAsync("half");
        await _hub.AddSinceAsync();
        var (readingsSince, eventsSince) = (await _hub.ReadingsAsync(), await _hub.EventsAsync());

        var run = await _hub.RunAsync("damage", "salvage");

        Assert.True(run.ExitCode == 0, run.Errors);
        var (readingsNow, eventsNow) = (await _hub.ReadingsAsync(), await _hub.EventsAsync());
        Assert.InRange(readingsNow.Count + eventsNow.Count, (readings.Count + events.Count) / 4, readings.Count + events.Count);
        AssertMerged(readings, readingsSince, readingsNow, null);
        AssertMerged(events, eventsSince, eventsNow, null);
        await AssertIsAStoreAsync(hasNames: false);
    }

    [Fact]
    public async Task Salvage_ChangedEvent_IsLeftOutAndNamed()
    {
        await _hub.FillAsync();
        var events = await _hub.EventsAsync();
        var bytes = await WaitFor.FileReleasedAsync(_hub.Path);
        bytes[bytes.AsSpan().IndexOf("\"n\":200,"u8) + 4] = (byte)'9';
        await File.WriteAllBytesAsync(_hub.Path, bytes);
        await _hub.BreakAsync("ix_sensor_readings_timestamp leaf"); // Else nothing would be found at the start.
        await _hub.AddSinceAsync();

        var run = await _hub.RunAsync("damage", "salvage");

        Assert.True(run.ExitCode == 0, run.Errors);
        Assert.Contains("1 events are left out, because their id does not match their content", run.Output, StringComparison.Ordinal);
        Assert.Equal(events.Count - 1 + 20, (await _hub.EventsAsync()).Count);
    }

    [Fact]
    public async Task Salvage_ChangedReading_IsNamedByItsBatch()
    {
        await _hub.FillAsync();
        var bytes = await WaitFor.FileReleasedAsync(_hub.Path);
        var key = new byte[5]; // Node and time, as they are stored.
        key[0] = 14;
        BinaryPrimitives.WriteInt32BigEndian(key.AsSpan(1), (int)Some.Noon);
        bytes[bytes.AsSpan().IndexOf(key) + 6] ^= 1; // Of the temperature.
        await File.WriteAllBytesAsync(_hub.Path, bytes);
        await _hub.BreakAsync("parsed_events leaf"); // Else nothing would be found at the start.
        await _hub.AddSinceAsync();

        var run = await _hub.RunAsync("damage", "salvage");

        Assert.True(run.ExitCode == 0, run.Errors);
        Assert.Contains("Changed: values of some of the ", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restore_GivesTheBackupAndWhatHasArrivedSinceTheDamage()
    {
        await _hub.FillAsync();
        var (readings, events) = (await _hub.ReadingsAsync(), await _hub.EventsAsync());
        await _hub.BackUpAsync();
        await using (var app = _hub.Start()) await app.Store.AddAsync(Some.Reading(16)); // Neither in the backup nor since the damage.
        await _hub.BreakAsync("first page");
        await _hub.AddSinceAsync();
        var (readingsSince, eventsSince) = (await _hub.ReadingsAsync(), await _hub.EventsAsync());

        var status = await _hub.RunAsync("damage", "status");
        var run = await _hub.RunAsync("damage", "restore");

        Assert.True(run.ExitCode == 0, run.Errors);
        Assert.Contains("Latest good backup from before it: sensordash-", status.Output, StringComparison.Ordinal);
        AssertMerged(readings, readingsSince, await _hub.ReadingsAsync(), 0);
        AssertMerged(events, eventsSince, await _hub.EventsAsync(), 0);
        await AssertIsAStoreAsync();
    }

    [Fact]
    public async Task Backups_OfTheNewDatabase_DoNotPushOutTheLatestOneFromBeforeTheDamage()
    {
        await _hub.FillAsync();
        await _hub.BackUpAsync();
        var before = Directory.GetDirectories(_hub.Backups).Single();
        await _hub.BreakAsync("first page");
        await _hub.AddSinceAsync();

        for (var i = 0; i < 3; i++) await _hub.BackUpAsync(keep: 1, later: TimeSpan.FromHours(i + 1));

        Assert.True(Directory.Exists(before));
        Assert.Equal(2, Directory.GetDirectories(_hub.Backups).Length);
    }

    [Fact]
    public async Task Restore_NoBackupFromBeforeTheDamage_IsRefusedAndNothingChanges()
    {
        await _hub.FillAsync();
        await _hub.BreakAsync("first page");
        await _hub.AddSinceAsync();

        var run = await _hub.RunAsync("damage", "restore");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("no good backup from before the damage", run.Errors, StringComparison.Ordinal);
        Assert.NotNull(StoreDamage.Read(_hub.Path));
        Assert.Empty(Directory.GetFiles(System.IO.Path.GetDirectoryName(_hub.Path)!, "*.repaired*"));
    }

    [Fact]
    public async Task Restore_ByTheBackupCommand_EndsTheNotice()
    {
        await _hub.FillAsync();
        await _hub.BackUpAsync();
        await _hub.BreakAsync("first page");
        await _hub.AddSinceAsync();
        var name = System.IO.Path.GetFileName(Directory.GetDirectories(_hub.Backups).Single());

        var run = await _hub.RunAsync("backup", "restore", name, "--replace");

        Assert.True(run.ExitCode == 0, run.Errors);
        Assert.Null(StoreDamage.Read(_hub.Path));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Start_AfterAKillDuringTheSwap_CompletesIt(bool isFormerMoved)
    {
        await _hub.FillAsync();
        await _hub.BreakAsync("header");
        await _hub.AddSinceAsync();
        var damage = StoreDamage.Read(_hub.Path)!;
        var run = await _hub.RunAsync("damage", "salvage");
        Assert.True(run.ExitCode == 0, run.Errors);
        var whole = await _hub.ReadingsAsync();
        // As it was between two renames.
        var former = AsideFile.List(_hub.Path).First(f => f.Path != damage.Aside).Path;
        File.Move(_hub.Path, _hub.Path + ".repaired");
        if (!isFormerMoved) File.Move(former, _hub.Path);
        (damage with { Swap = new(_hub.Path + ".repaired", former, RepairResult.Read(damage.Aside)!) }).Write(_hub.Path);

        await using (var app = _hub.Start())
        {
            using var client = app.CreateClient();
            Assert.Contains("\"ok\"", await client.GetStringAsync("/health/ready"), StringComparison.Ordinal);
        }

        Assert.Equal(whole, await _hub.ReadingsAsync());
        Assert.Null(StoreDamage.Read(_hub.Path));
        Assert.True(File.Exists(former));
    }

    // The first one of two readings with the same key counts, as at ingest. Null: any may be lost.
    private static void AssertMerged(Dictionary<string, string> before, Dictionary<string, string> since, Dictionary<string, string> now, int? lost)
    {
        var gone = before.Keys.Where(key => !now.ContainsKey(key) || (since.ContainsKey(key) && now[key] != before[key])).ToHashSet();
        if (lost is { } count) Assert.InRange(gone.Count, count == 0 ? 0 : count - since.Count, count);
        var expected = before.Where(row => !gone.Contains(row.Key)).ToDictionary();
        foreach (var (key, value) in since) expected.TryAdd(key, value);
        Assert.Equal(expected.OrderBy(r => r.Key, StringComparer.Ordinal), now.OrderBy(r => r.Key, StringComparer.Ordinal));
    }

    // Hashes, counters and indexes agree, names and zones of both are there, and it starts and takes readings.
    private async Task AssertIsAStoreAsync(bool hasNames = true)
    {
        Assert.Null(StoreDamage.Read(_hub.Path));
        Assert.Empty(await _hub.RowsAsync("SELECT address FROM nodes n WHERE total_readings <> (SELECT count(*) FROM sensor_readings r WHERE r.node_address = n.address)"));
        Assert.Equal(["1"], await _hub.RowsAsync("SELECT (SELECT count(*) FROM event_index) = (SELECT count(*) FROM parsed_events) + (SELECT count(*) FROM raw_events)"));
        Assert.Equal(["1"], await _hub.RowsAsync("SELECT (SELECT sum(row_count) FROM ingest_batches) = (SELECT count(*) FROM sensor_readings)"));
        Assert.Empty(await _hub.RowsAsync("SELECT count(*) FROM (SELECT canonical_truth_time t FROM parsed_events UNION ALL SELECT canonical_truth_time FROM raw_events) GROUP BY t HAVING count(*) > 1"));
        string[] names = ["15 Mast Roof", .. hasNames ? (string[])["12 North wall Cellar"] : []];
        Assert.Superset(names.ToHashSet(), (await _hub.RowsAsync("SELECT m.address || ' ' || m.name || ' ' || z.name FROM node_metadata m JOIN zones z ON z.id = m.zone_id")).ToHashSet());
        Assert.Equal(["ok"], await _hub.RowsAsync("PRAGMA integrity_check"));
        await using var app = _hub.Start();
        using var client = app.CreateClient();
        Assert.Contains("\"store\":\"ok\"", await client.GetStringAsync("/health/ready"), StringComparison.Ordinal);
        Assert.Equal(1, await app.Store.AddAsync(Some.Reading(17)));
        Assert.Contains("Databases set aside", await client.GetStringAsync("/system"), StringComparison.Ordinal);
    }

    [GeneratedRegex(@"Lost: (\d+) (readings of node|events of lane)")]
    private static partial Regex Lost();
}
