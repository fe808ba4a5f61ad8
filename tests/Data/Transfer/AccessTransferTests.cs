using Microsoft.EntityFrameworkCore;
using SensorDash.Data.Access;
using SensorDash.Data.Transfer;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Transfer;

/// <summary>Users, keys and the audit log go where the data go.</summary>
public sealed class AccessTransferTests
{
    private const string Hash = "AQAAAAIAAYagAAAAE-hash-of-a-password";

    private static readonly TransferOptions _withAccess = new() { MovesAccess = true };

    public static TheoryData<TransferEngine, TransferEngine> Pairs() => new()
    {
        { TransferEngine.Sqlite, TransferEngine.Timescale },
        { TransferEngine.Timescale, TransferEngine.Sqlite },
    };

    public static TheoryData<TransferEngine> Engines() => [TransferEngine.Sqlite, TransferEngine.Timescale];

    [SkippableTheory]
    [MemberData(nameof(Pairs))]
    public async Task Run_ThereAndBack_KeepsEveryRowAndItsId(TransferEngine from, TransferEngine to)
    {
        await using var source = await FilledAsync(from);
        await using var middle = await TransferStore.CreateAsync(to);
        await using var target = await TransferStore.CreateAsync(from);

        Assert.True((await source.CopyToAsync(middle, _withAccess)).IsEqual);
        var report = await middle.CopyToAsync(target, _withAccess);

        Assert.True(report.IsEqual);
        Assert.Equal(await DumpAsync(source), await DumpAsync(target));
        Assert.Equal(1, await VersionAsync(target));
        Assert.Equal(1 + 2 + 1 + 2 + 1 + 2500, report.SmallTableRows); // Also the node.
        // The next ones do not get ids of others.
        await target.Fixture.Audit.RecordAsync("ada", null, "x", "after", AuditOutcome.Done, null);
        Assert.Equal("after", (await target.Fixture.Audit.ReadAsync(new(1), default)).Entries[0].Target);
        await AddUserAsync(target, "cleo");
        Assert.Equal(["ada", "bob", "cleo"], (await ReadAsync(target)).Users.OrderBy(u => u.Id).Select(u => u.Name));
    }

    [SkippableTheory]
    [MemberData(nameof(Engines))]
    public async Task Run_TargetWithUsersOfItsOwn_KeepsThemAndTakesNoRights(TransferEngine to)
    {
        await using var source = await FilledAsync(TransferEngine.Sqlite);
        await using var target = await TransferStore.CreateAsync(to);
        await AddUserAsync(target, "owner");
        var before = await DumpAsync(target);

        var report = await source.CopyToAsync(target, _withAccess);

        Assert.True(report.IsEqual);
        Assert.Equal(before, await DumpAsync(target));
    }

    [SkippableFact]
    public async Task Run_Import_BringsNoUsersAndKeys()
    {
        await using var source = await FilledAsync(TransferEngine.Sqlite);
        await using var target = await TransferStore.CreateAsync(TransferEngine.Sqlite);

        Assert.True((await source.CopyToAsync(target)).IsEqual);

        Assert.Equal((0, 0), ((await ReadAsync(target)).Users.Count, (await ReadAsync(target)).Keys.Count));
    }

    [SkippableTheory]
    [MemberData(nameof(Engines))]
    public async Task Run_TargetWithAnAuditLogOfItsOwn_KeepsItAndTakesUsersAndKeys(TransferEngine to)
    {
        await using var source = await FilledAsync(TransferEngine.Sqlite);
        await using var target = await TransferStore.CreateAsync(to);
        await target.Fixture.Audit.RecordAsync(AuditLog.Program, null, AuditAction.ProgramStart, null, AuditOutcome.Done, null);

        var report = await source.CopyToAsync(target, _withAccess);

        Assert.True(report.IsEqual);
        Assert.Equal(AuditAction.ProgramStart, Assert.Single((await target.Fixture.Audit.ReadAsync(new(10), default)).Entries).Action);
        Assert.Equal(2, (await ReadAsync(target)).Users.Count);
    }

    [SkippableTheory]
    [MemberData(nameof(Pairs))]
    public async Task Run_InterruptedAmongAuditEntries_GoesOn(TransferEngine from, TransferEngine to)
    {
        await using var source = await FilledAsync(from);
        await using var target = await TransferStore.CreateAsync(to);
        await source.CopyToAsync(target, _withAccess);
        await target.ExecuteAsync("DELETE FROM audit_entries WHERE id > 1200");

        Assert.True((await source.CopyToAsync(target, _withAccess)).IsEqual);

        Assert.Equal(await DumpAsync(source), await DumpAsync(target));
    }

    [SkippableTheory]
    [MemberData(nameof(Engines))]
    public async Task Verify_RowsThatDiffer_AreNamedWithoutTheirSecrets(TransferEngine to)
    {
        await using var source = await FilledAsync(TransferEngine.Sqlite);
        await using var target = await TransferStore.CreateAsync(to);
        await source.CopyToAsync(target, _withAccess);
        await target.ExecuteAsync(
            "UPDATE users SET password_hash = 'another', role = 'viewer' WHERE id = 1; UPDATE protection_keys SET xml = '<key />'; DELETE FROM sessions; "
            + "DELETE FROM api_keys; DELETE FROM audit_entries WHERE id = 7; UPDATE audit_entries SET actor = 'mallory' WHERE id = 1500");

        var report = await source.CopyToAsync(target, new() { MovesAccess = false });

        Assert.Equal(
            [
                new(DifferenceKind.Different, "users", "1", "role differs; password_hash differs"), new(DifferenceKind.Missing, "sessions", "of user 1", null),
                new(DifferenceKind.Missing, "api_keys", "1", null), new(DifferenceKind.Missing, "api_keys", "2", null),
                new Difference(DifferenceKind.Different, "protection_keys", "key-1", "xml differs"), new(DifferenceKind.Missing, "audit_entries", "7", null),
                new(DifferenceKind.Different, "audit_entries", "1500", "it differs"),
            ],
            report.Differences);
        foreach (var secret in (string[])[Hash, "another", "session-of-ada", "<key"]) Assert.DoesNotContain(secret, report.ToJson() + report.ToText(), StringComparison.Ordinal);
    }

    [SkippableTheory]
    [MemberData(nameof(Pairs))]
    public async Task Follow_ChangesOfUsersKeysAndTheLog_BecomeEqual(TransferEngine from, TransferEngine to)
    {
        await using var source = await FilledAsync(from);
        await using var target = await TransferStore.CreateAsync(to);
        await target.Fixture.Audit.RecordAsync(AuditLog.Program, null, AuditAction.ProgramStart, null, AuditOutcome.Done, null); // Of a start before.
        var applier = await FollowAsync(source, target);
        Assert.Equal(await DumpAsync(source), await DumpAsync(target));
        var version = await VersionAsync(target);

        // The name of one who is gone goes to another.
        await source.ExecuteAsync("DELETE FROM sessions; DELETE FROM users WHERE id = 2; UPDATE users SET name = 'bob' WHERE id = 1; DELETE FROM protection_keys; DELETE FROM api_keys WHERE id = 1; DELETE FROM audit_entries WHERE id <= 100");
        await source.Fixture.Audit.RecordAsync("bob", null, "x", "later", AuditOutcome.Done, null);
        await applier.CatchUpAsync(default);

        Assert.Equal(await DumpAsync(source), await DumpAsync(target));
        Assert.True(await VersionAsync(target) > version);
        version = await VersionAsync(target);
        await source.Fixture.Audit.RecordAsync("bob", null, "x", "later still", AuditOutcome.Done, null);
        await applier.CatchUpAsync(default);
        Assert.Equal(await DumpAsync(source), await DumpAsync(target));
        Assert.Equal(version, await VersionAsync(target)); // Nobody's rights have changed.
    }

    [SkippableFact]
    public async Task Follow_TargetWithUsersOfItsOwn_IsRefused()
    {
        await using var source = await FilledAsync(TransferEngine.Sqlite);
        await using var target = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await AddUserAsync(target, "owner");

        var refused = await Assert.ThrowsAsync<TransferException>(() => FollowAsync(source, target));

        Assert.Contains("users and API keys of its own", refused.Message, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData(TransferEngine.Sqlite, TransferEngine.DuckDb)]
    [InlineData(TransferEngine.DuckDb, TransferEngine.Sqlite)]
    public async Task Run_DuckDb_HasNoUsersAndLeavesThose(TransferEngine from, TransferEngine to)
    {
        await using var source = from == TransferEngine.DuckDb ? await TransferStore.CreateAsync(from) : await FilledAsync(from);
        await using var target = await TransferStore.CreateAsync(to);
        if (from == TransferEngine.DuckDb) await source.Fixture.Store.AddAsync(Some.Reading());
        if (to == TransferEngine.Sqlite) await AddUserAsync(target, "owner");

        Assert.True((await source.CopyToAsync(target, _withAccess)).IsEqual);

        if (to == TransferEngine.Sqlite) Assert.Equal("owner", Assert.Single((await ReadAsync(target)).Users).Name);
    }

    private static async Task<BatchApplier> FollowAsync(TransferStore source, TransferStore target)
    {
        using var rejects = new RejectLog(null, isStrict: true);
        var record = await new TransferRunner(source.Side, target.Side, new() { Follows = true }, source.Fixture.Clock).RunAsync(rejects, default);
        var applier = new BatchApplier(source.Parts, target.Side, record.Id, source.Fixture.Clock);
        await applier.CatchUpAsync(default);
        return applier;
    }

    // Two users, one session, two keys, a key for forms, and a log of three pages.
    private static async Task<TransferStore> FilledAsync(TransferEngine engine)
    {
        var store = await TransferStore.CreateAsync(engine);
        await store.Fixture.Store.AddAsync(Some.Reading());
        await AddUserAsync(store, "ada");
        await AddUserAsync(store, "bob");
        var now = store.Fixture.Clock.GetUtcNow().ToUnixTimeMilliseconds() * 1000;
        await using var context = store.Fixture.Contexts.CreateDbContext();
        context.Add(new Session { Id = "session-of-ada", UserId = 1, CreatedAt = now, ExpiresAt = now + 1 });
        context.Add(new ApiKey { Name = "greenhouse", Prefix = "abcdefgh", Hash = [.. Enumerable.Range(0, 32).Select(i => (byte)i)], Scopes = KeyScopes.Ingest | KeyScopes.Read, Nodes = "1-20", CreatedBy = "ada", CreatedAt = now });
        await context.SaveChangesAsync();
        context.Add(new ApiKey { Name = "old", Prefix = "ijklmnop", Hash = new byte[32], Scopes = KeyScopes.Admin, EventScopes = "a\nb", CreatedBy = "ada", CreatedAt = now, ExpiresAt = now, LastUsedAt = now, RevokedAt = now + 7 });
        context.Add(new ProtectionKey { Name = "key-1", Xml = "<key>ä</key>" });
        context.AddRange(Enumerable.Range(1, 2500).Select(i => new AuditEntry { At = now + i, Actor = "ada", Action = "x", Target = i % 2 == 0 ? null : $"{i}", Outcome = (AuditOutcome)(i % 3), Detail = "it's", Address = "::1" }));
        await context.SaveChangesAsync();
        return store;
    }

    private static async Task AddUserAsync(TransferStore store, string name)
    {
        var user = new User { Name = name, Role = UserRole.Admin, PasswordHash = Hash, LastSignInAt = 1_782_907_200_000_001, FailedSignIns = 3, LockedUntil = null };
        Assert.Equal(AccessChange.Done, await new AccessStore(store.Fixture.Contexts, store.Fixture.WriterLock, store.Fixture.Clock).AddUserAsync(user, isFirst: false, default));
        await store.ExecuteAsync("UPDATE store_info SET access_version = 0");
    }

    private static Task<AccessRows> ReadAsync(TransferStore store) => AccessRows.ReadAsync(store.Fixture.Contexts, default);

    private static Task<long> VersionAsync(TransferStore store) => store.Fixture.ScalarAsync("SELECT access_version FROM store_info");

    // Every row with all its columns.
    private static async Task<string> DumpAsync(TransferStore store)
    {
        var rows = await ReadAsync(store);
        await using var context = store.Fixture.Contexts.CreateDbContext();
        object[] all = [
            .. rows.Users.OrderBy(u => u.Id), .. rows.Sessions.OrderBy(s => s.Id), .. rows.Keys.OrderBy(k => k.Id), .. rows.ProtectionKeys.OrderBy(k => k.Name),
            .. await context.Set<AuditEntry>().AsNoTracking().OrderBy(e => e.Id).ToListAsync()];
        return string.Join('\n', all.Select(row => System.Text.Json.JsonSerializer.Serialize(row, row.GetType())));
    }
}
