using SensorDash.Data.Analytics;
using SensorDash.Data.Ingest;
using SensorDash.Tests.Support;
using SensorDash.Web.Operations.Figures;
using SensorDash.Web.Transfers;

namespace SensorDash.Web.Tests.Operations;

/// <summary>What the hub warns about, and what it leaves alone.</summary>
public sealed class SystemWarningTests
{
    private const long GiB = 1024L * 1024 * 1024;

    private static readonly DateTimeOffset _now = DateTimeOffset.FromUnixTimeSeconds(ManualTime.Noon);

    private static SystemState Well => State(Days(4, 0, 0));

    public static TheoryData<string, string?> Cases() => new()
    {
        { "well", null },
        { "damage", "error damage: The database was damaged" },
        { "scrub", "error scrub: The scrub found 2 things that have rotted" },
        { "failing", "error writer_failing: No readings stored for 14 min" },
        { "behind", "error writer_behind: The write buffer of events is nearly full" },
        { "disk", "warning disk_full: The disk is nearly full" },
        { "disk almost full", "error disk_full: The disk is nearly full" },
        { "second differs", "error second_store_differs: The second store differs" },
        { "second unavailable", "warning second_store_behind: The second store is unavailable" },
        { "second paused", "warning second_store_behind: The second store is 2 h behind" },
        { "second follows", null },
        { "clock", "warning clock: The clock of node 9 is 30 h ahead" },
        { "milliseconds", "warning rejected: 340 rows rejected in the last 24 hours" },
        { "rejected", "warning rejected: 340 rows rejected in the last 24 hours" },
        { "few rejected", null },
        { "retention", "warning retention: Retention of readings has stopped" },
        { "forecast", "warning forecast: The disk is full in 20 days" },
        { "forecast soon", "error forecast: The disk is full in 5 days" },
        { "no backup", "warning backup: There is no backup" },
        { "no backup of a new hub", null },
        { "no backup of a server", null },
        { "old backup", "warning backup: The newest backup is 3 d old" },
        { "side path failed", "warning side_path: The DuckDB side path is off by a fault" },
        { "side path behind", "warning side_path: The DuckDB side path is 10 min behind" },
        { "writes", "warning disk_writes: 20.0 GiB are written a day" },
        { "audit", "warning audit: The audit log lacks entries" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Warnings_OfAState_AreThoseOfItsFault(string state, string? warning)
    {
        var found = SystemWarnings.Of(StateOf(state));

        Assert.Equal(warning is null ? [] : [warning], found.Select(w => $"{(w.IsBad ? "error" : "warning")} {w.Kind}: {w.Text}"));
        Assert.All(found, w => Assert.EndsWith(".", w.Advice, StringComparison.Ordinal));
        Assert.All(found, w => Assert.Contains(w.Kind, SystemWarnings.Kinds));
    }

    [Fact]
    public void Warnings_Several_AreTheMostUrgentFirst()
    {
        var state = Well with { AuditMissing = 1, Disk = new(GiB / 2, 100 * GiB), Rejected = [Group("timestamp", "timestamp must be …, not 5", 30)] };

        Assert.Equal(["disk_full", "rejected", "audit"], SystemWarnings.Of(state).Select(w => w.Kind));
    }

    [Fact]
    public void EveryKind_IsDocumented()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "operations.md")).Split("## Warnings")[1].Split("\n## ")[0];
        var documented = page.Split('\n').Where(l => l.StartsWith("| `", StringComparison.Ordinal)).Select(l => l.Split('`')[1]);

        Assert.Equal(SystemWarnings.Kinds.Order(), documented.Order());
    }

    private static SystemState StateOf(string name) => name switch
    {
        "well" => Well,
        "damage" => Well with { Damage = new("/data/a.db.aside", "malformed", 1) },
        "scrub" => Well with { ScrubFindings = 2 },
        "failing" => Well with { Writers = [new("readings", _now.AddMinutes(-14), 5, 100)] },
        "behind" => Well with { Writers = [new("readings", null, 79, 100), new("events", null, 80, 100)] },
        "disk" => Well with { Disk = new(4 * GiB, 500 * GiB) },
        "disk almost full" => Well with { Disk = new(GiB / 8, 16 * GiB) },
        "second differs" => Second(new(DualWriteState.Following, "b", null) { Comparison = new(0, 0, 2, null) }),
        "second unavailable" => Second(new(DualWriteState.Unavailable, "b", "away")),
        "second paused" => Second(new(DualWriteState.Paused, "b", "paused") { LagSince = _now.AddHours(-2).ToUnixTimeMilliseconds() * 1000 }),
        "second follows" => Second(new(DualWriteState.Following, "b", null) { LagSince = _now.AddMinutes(-2).ToUnixTimeMilliseconds() * 1000 }),
        "clock" => Well with { Rejected = [Group("timestamp", $"timestamp must be 1 to 2, not {_now.AddHours(30).ToUnixTimeSeconds()}", 2)] },
        "milliseconds" => Well with { Rejected = [Group("timestamp", $"timestamp must be 1 to 2, not {_now.ToUnixTimeMilliseconds()}; send Unix seconds, not milliseconds or a smaller unit", 340)] },
        "rejected" => Well with { Rejected = [Group("timestamp", "timestamp must be 1 to 2, not 17", 340)] },
        "few rejected" => Well with { Rejected = [Group("timestamp", "timestamp must be 1 to 2, not 17", 23)] },
        "retention" => Well with { RetentionErrors = ["Retention:Readings:Zones:A: zone A not found."] },
        "forecast" => State(Days(4, GiB, 0)) with { Disk = new(20 * GiB, 60 * GiB) },
        "forecast soon" => State(Days(4, GiB, 0)) with { Disk = new((5 * GiB) + 1, 60 * GiB) },
        "no backup" => Well with { Backup = new(null, false, null) },
        "no backup of a new hub" => State(Days(1, 0, 0)) with { Backup = new(null, false, null) },
        "no backup of a server" => Well with { Backup = new(null, false, null), IsOnServer = true },
        "old backup" => Well with { Backup = new(_now.AddDays(-3), true, null) },
        "side path failed" => Well with { Analytics = AnalyticsState.Failed },
        "side path behind" => Well with { Analytics = AnalyticsState.CatchingUp, SidePathLag = 600 },
        "writes" => State(Days(4, 0, 20 * GiB)),
        "audit" => Well with { AuditMissing = 3 },
        _ => throw new ArgumentOutOfRangeException(nameof(name)),
    };

    private static SystemState Second(DualWriteStatus status) => new(_now, Days(4, 0, 0), [], new(_now.AddHours(-1), true, null), status) { Disk = new(40 * GiB, 60 * GiB) };

    private static SystemState State(IReadOnlyList<StorageDay> days) => new(_now, days, [], new(_now.AddHours(-1), true, null), DualWriteStatus.Off) { Disk = new(40 * GiB, 60 * GiB) };

    private static List<StorageDay> Days(int count, long growth, long written) => [
        .. Enumerable.Range(1 - count, count).Select(day => (Day: day, Size: new StorageSize(_now.AddDays(day).ToUnixTimeSeconds(), (10 * GiB) + ((day + count) * growth), null)))
            .Select(d => new StorageDay(DateOnly.FromDateTime(_now.AddDays(d.Day).UtcDateTime), written, d.Size, d.Size))];

    private static RejectedGroup Group(string field, string error, long count) => new(RejectedRows.Readings, "node 9", "10.0.0.9", field, error, count, 1, _now.ToUnixTimeSeconds());
}
