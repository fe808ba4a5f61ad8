using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using SensorDash.Data.Access;
using SensorDash.Data.Storage;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Access;

/// <summary>What the audit log must do on every engine.</summary>
public abstract class AuditLogContract : IAsyncLifetime
{
    private const long Second = 1_000_000;

    private StoreFixture? _fixture;

    private StoreFixture Fixture => _fixture!;

    private AuditLog Audit => Fixture.Audit;

    public async Task InitializeAsync() => _fixture = await CreateFixtureAsync();

    public async Task DisposeAsync()
    {
        if (_fixture is not null) await _fixture.DisposeAsync();
    }

    protected abstract Task<StoreFixture> CreateFixtureAsync();

    [SkippableFact]
    public async Task Record_AllFields_AreReadAsWritten()
    {
        await Audit.RecordAsync("ada", "::1", AuditAction.ZoneAdd, "Käsekeller 𝄞", AuditOutcome.Refused, "it says \"no\"; 100 %");

        var entry = Assert.Single((await Audit.ReadAsync(new(10), default)).Entries);

        Assert.Equal((Fixture.Clock.NowMicroseconds(), "ada", "::1", "zone.add", "Käsekeller 𝄞", AuditOutcome.Refused, "it says \"no\"; 100 %"),
            (entry.At, entry.Actor, entry.Address, entry.Action, entry.Target, entry.Outcome, entry.Detail));
        Assert.Equal(0, Audit.Missing);
    }

    [SkippableFact]
    public async Task Record_TextsThatAreTooLongOrMislead_AreCutAndCleaned()
    {
        var pairs = string.Concat(Enumerable.Repeat("𝄞", AuditEntry.TextLength));
        await Audit.RecordAsync(new string('a', 300), new string('f', 300), new string('x', 300), pairs, AuditOutcome.Done, "a\0b\nc\u202Ed\uD834e\uDD1E");
        await Audit.RecordAsync(new string('a', AuditEntry.NameLength), null, "x", "𝄞" + new string('t', AuditEntry.TextLength), AuditOutcome.Done, null);

        var (other, entry) = (await Audit.ReadAsync(new(10), default)).Entries switch { [var a, var b] => (a, b), _ => throw new InvalidOperationException() };

        Assert.Equal((AuditEntry.NameLength, AuditEntry.AddressLength, AuditEntry.ActionLength), (entry.Actor.Length, entry.Address!.Length, entry.Action.Length));
        Assert.Equal(new string('a', AuditEntry.NameLength - 1) + "…", entry.Actor);
        // Half of a pair would be at the end.
        Assert.Equal(string.Concat(Enumerable.Repeat("𝄞", (AuditEntry.TextLength / 2) - 1)) + " …", entry.Target);
        Assert.Equal("a b c d e ", entry.Detail);
        Assert.Equal(new string('a', AuditEntry.NameLength), other.Actor);
        Assert.Equal("𝄞" + new string('t', AuditEntry.TextLength - 3) + "…", other.Target);
    }

    [SkippableFact]
    public async Task Read_Pages_HaveEveryEntryOnceNewestFirst()
    {
        for (var i = 0; i < 7; i++) await AddAsync(target: $"{i}");

        var (read, before) = (new List<string?>(), (long?)null);
        do
        {
            var page = await Audit.ReadAsync(new(3) { Before = before }, default);
            Assert.InRange(page.Entries.Count, 1, 3);
            read.AddRange(page.Entries.Select(e => e.Target));
            before = page.Next;
            await AddAsync(target: "later"); // On no later page.
        }
        while (before is not null);

        Assert.Equal(["6", "5", "4", "3", "2", "1", "0"], read);
    }

    [SkippableFact]
    public async Task Read_Filters_SelectWhatMeetsAllOfThem()
    {
        var start = Fixture.Clock.NowMicroseconds();
        await AddAsync("ada", AuditAction.NodeDelete, "node 12", AuditOutcome.Done);
        Fixture.Clock.Advance(TimeSpan.FromSeconds(1));
        await AddAsync("ada", AuditAction.NodeEdit, "node 12", AuditOutcome.Failed);
        Fixture.Clock.Advance(TimeSpan.FromSeconds(1));
        await AddAsync("bob", AuditAction.ZoneAdd, "Käse_keller 100%", AuditOutcome.Refused);
        await AddAsync("bob", "nodes.x", null, AuditOutcome.Done);
        await AddAsync("eve", AuditAction.SignIn, null, AuditOutcome.Done);

        Assert.Equal(["zone.add", "node.edit"], await ActionsAsync(new(10) { From = start + Second, Target = "e" }));
        Assert.Equal(["node.edit"], await ActionsAsync(new(10) { From = start + Second, To = start + (2 * Second) }));
        Assert.Equal(["node.edit", "node.delete"], await ActionsAsync(new(10) { Actor = "ada" }));
        Assert.Empty(await ActionsAsync(new(10) { Actor = "Ada" }));
        Assert.Equal(["node.edit", "node.delete"], await ActionsAsync(new(10) { Action = "node" }));
        Assert.Equal(["node.delete"], await ActionsAsync(new(10) { Action = "node.delete" }));
        Assert.Equal(["sign_in"], await ActionsAsync(new(10) { Action = AuditAction.SignIn }));
        Assert.Equal(["zone.add"], await ActionsAsync(new(10) { Outcome = AuditOutcome.Refused }));
        Assert.Equal(["zone.add"], await ActionsAsync(new(10) { Target = "käse_KELLER 100%" }));
        Assert.Equal(["zone.add"], await ActionsAsync(new(10) { Target = "Käse" }));
        Assert.Empty(await ActionsAsync(new(10) { Target = "Käse%100" }));
        Assert.Empty(await ActionsAsync(new(10) { Actor = "ada", Outcome = AuditOutcome.Refused }));
        Assert.Equal("node.edit", (await Audit.FindLastAsync(AuditAction.NodeEdit, default))?.Action);
        Assert.Null(await Audit.FindLastAsync(AuditAction.DemoLoad, default));
    }

    [SkippableFact]
    public async Task Record_MoreThanTheLimit_RemovesTheOldestOnly()
    {
        for (var i = 0; i < 30; i++) await AddAsync(target: $"{i}");
        // As after a start with a lower limit: at its first entry, and then every so many.
        var limited = new AuditLog(Fixture.Contexts, Fixture.WriterLock, Options.Create(new AuditOptions { MaxEntries = 10 }), Fixture.Clock, NullLogger<AuditLog>.Instance);

        await limited.RecordAsync("ada", null, "x", "30", AuditOutcome.Done, null);
        Assert.Equal(Enumerable.Range(21, 10).Select(i => $"{i}").Reverse(), (await limited.ReadAsync(new(100), default)).Entries.Select(e => e.Target));
        for (var i = 31; i < 31 + AuditLog.PruneEvery; i++) await limited.RecordAsync("ada", null, "x", $"{i}", AuditOutcome.Done, null);

        var left = (await limited.ReadAsync(new(1000), default)).Entries;
        Assert.InRange(left.Count, 10, 10 + AuditLog.PruneEvery - 1);
        Assert.Equal($"{30 + AuditLog.PruneEvery}", left[0].Target);
    }

    [SkippableFact]
    public async Task Record_ByManyAtOnce_KeepsAllOfThem()
    {
        var logs = new[] { Audit, Audit }; // As in two processes, where the engine admits them.

        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => logs[i % 2].RecordAsync("ada", null, "x", $"{i}", AuditOutcome.Done, null)));

        Assert.Equal(40, (await Audit.ReadAsync(new(100), default)).Entries.Select(e => e.Target).Distinct().Count());
    }

    [SkippableFact]
    public async Task Record_StoreThatRefuses_CountsAndLogsTheEntryAndNeverThrows()
    {
        var log = new RecordedLog<AuditLog>();
        var audit = new AuditLog(Fixture.Contexts, Fixture.WriterLock, Options.Create(new AuditOptions()), Fixture.Clock, log);
        await BreakAsync();

        await audit.RecordAsync("ada", "192.0.2.1", AuditAction.NodeDelete, "node 12", AuditOutcome.Done, null);

        Assert.Equal(1, audit.Missing);
        Assert.Equal(Microsoft.Extensions.Logging.LogLevel.Error, Assert.Single(log.Lines).Level);
    }

    /// <summary>From now on the engine cannot write the table.</summary>
    protected abstract Task BreakAsync();

    private Task AddAsync(string actor = "ada", string action = AuditAction.ZoneEdit, string? target = null, AuditOutcome outcome = AuditOutcome.Done)
        => Audit.RecordAsync(actor, null, action, target, outcome, null);

    private async Task<IEnumerable<string>> ActionsAsync(AuditQuery query) => (await Audit.ReadAsync(query, default)).Entries.Select(e => e.Action);
}
