using System.Buffers.Binary;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using SensorDash.Data.Storage;
using SensorDash.Data.Timescale;
using SensorDash.Migrations.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Timescale;

/// <summary>The driver may get a message that it did not expect, as after a cancellation at a bad moment. It reports that with no type of its own.</summary>
public sealed class TimescaleUnexpectedMessageTests : IAsyncLifetime
{
    // A row, of no columns.
    private static readonly byte[] _unexpected = [(byte)'D', 0, 0, 0, 6, 0, 0];

    private TimescaleStoreFixture _fixture = null!;
    private TcpRelay _relay = null!;
    private TimescaleDatabase _database = null!;

    public async Task InitializeAsync()
    {
        _fixture = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Plain);
        _relay = new(_fixture.Options.Host, _fixture.Options.Port);
        var options = TimescaleStoreFixture.OptionsOf(PostgresServer.Require(), _fixture.Name);
        (options.Host, options.Port) = ("127.0.0.1", _relay.Port);
        _database = new(Microsoft.Extensions.Options.Options.Create(options));
    }

    public async Task DisposeAsync()
    {
        await _database.DisposeAsync();
        await _relay.DisposeAsync();
        await _fixture.DisposeAsync();
    }

    [SkippableFact]
    public async Task Read_IsUnavailable_AndTheNextOneWorks()
    {
        await _database.ReadAsync(SetAsync, CancellationToken.None);
        _relay.ChangeAnswer = AddUntyped;

        await Assert.ThrowsAsync<StoreUnavailableException>(() => _database.ReadAsync(SetAsync, CancellationToken.None));

        _relay.ChangeAnswer = null;
        await _database.ReadAsync(SetAsync, CancellationToken.None);
    }

    [SkippableFact]
    public async Task QueryOfEntityFramework_IsUnavailable()
    {
        await using var context = new TimescaleContext(new DbContextOptionsBuilder<TimescaleContext>().UseNpgsql(_database.DataSource).Options);
        await context.Database.OpenConnectionAsync();
        _relay.ChangeAnswer = AddUntyped;

        var error = await Record.ExceptionAsync(() => context.Database.ExecuteSqlRawAsync("SET work_mem TO '4MB'"));

        Assert.True(new TimescaleErrors().IsUnavailable(error), $"{error}");
    }

    [SkippableFact]
    public async Task Write_IsUnavailable_AndTheNextOneWorks()
    {
        using var writer = new TimescaleWriter(_database, 1);
        await writer.RunAsync(connection => SetAsync(connection, CancellationToken.None), CancellationToken.None);
        _relay.ChangeAnswer = AddUntyped;

        await Assert.ThrowsAsync<StoreUnavailableException>(() => writer.RunAsync(connection => SetAsync(connection, CancellationToken.None), CancellationToken.None));

        _relay.ChangeAnswer = null;
        await writer.RunAsync(connection => SetAsync(connection, CancellationToken.None), CancellationToken.None);
    }

    [SkippableFact]
    public async Task ClaimOfAScrub_IsUnavailable_AndTheNextOneWorks()
    {
        var claim = new TimescaleScrubClaim(_database);
        await using (await claim.TryAsync(CancellationToken.None)) { }
        _relay.ChangeAnswer = AddUnexpected;

        await Assert.ThrowsAsync<StoreUnavailableException>(() => claim.TryAsync(CancellationToken.None));

        _relay.ChangeAnswer = null;
        await using var next = await claim.TryAsync(CancellationToken.None);
        Assert.NotNull(next);
        _relay.ChangeAnswer = AddUnexpected; // Its release fails, and the lock ends with the connection.
    }

    // A statement without rows.
    private static async Task<int> SetAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var set = new NpgsqlCommand("SET work_mem TO '4MB'", connection);
        return await set.ExecuteNonQueryAsync(cancellationToken);
    }

    // Before the message that a statement has no rows: there the driver's error has no type.
    private static byte[] AddUntyped(byte[] messages) => AddUnexpected(messages, before: 'n');

    // Before the message that a statement is bound.
    private static byte[] AddUnexpected(byte[] messages) => AddUnexpected(messages, before: '2');

    // A message is a letter, four bytes of length, and the content.
    private static byte[] AddUnexpected(byte[] messages, char before)
    {
        var changed = new List<byte>();
        for (int i = 0, next; i + 5 <= messages.Length; i = next)
        {
            next = i + 1 + BinaryPrimitives.ReadInt32BigEndian(messages.AsSpan(i + 1));
            if (messages[i] == (byte)before) changed.AddRange(_unexpected);
            changed.AddRange(messages[i..next]);
        }
        return [.. changed];
    }
}
