using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Npgsql;
using SensorDash.Data.Storage;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Timescale;

/// <summary>The driver may get a message that it did not expect, as after a cancellation at a bad moment. It reports that with no type of its own.</summary>
public sealed class TimescaleUnexpectedMessageTests : IAsyncLifetime
{
    // A row, of no columns.
    private static readonly byte[] _unexpected = [(byte)'D', 0, 0, 0, 6, 0, 0];

    private readonly TcpListener _relay = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private TimescaleStoreFixture _fixture = null!;
    private TimescaleDatabase _database = null!;
    private Task _relaying = Task.CompletedTask;
    private volatile bool _isConfused;

    public async Task InitializeAsync()
    {
        _fixture = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Plain);
        _relay.Start();
        _relaying = RelayAsync();
        var (options, direct) = (TimescaleStoreFixture.OptionsOf(PostgresServer.Require(), _fixture.Name), _fixture.Options);
        (options.Host, options.Port) = (IPAddress.Loopback.ToString(), ((IPEndPoint)_relay.LocalEndpoint).Port);
        Assert.NotEqual(direct.Port, options.Port);
        _database = new(Microsoft.Extensions.Options.Options.Create(options));
    }

    public async Task DisposeAsync()
    {
        await _database.DisposeAsync();
        await _end.CancelAsync();
        _relay.Dispose();
        await _relaying;
        _end.Dispose();
        await _fixture.DisposeAsync();
    }

    [SkippableFact]
    public async Task Read_IsUnavailable_AndTheNextOneWorks()
    {
        await _database.ReadAsync(SetAsync, CancellationToken.None);
        _isConfused = true;

        await Assert.ThrowsAsync<StoreUnavailableException>(() => _database.ReadAsync(SetAsync, CancellationToken.None));

        _isConfused = false;
        await _database.ReadAsync(SetAsync, CancellationToken.None);
    }

    [SkippableFact]
    public async Task Write_IsUnavailable_AndTheNextOneWorks()
    {
        using var writer = new TimescaleWriter(_database, 1);
        await writer.RunAsync(connection => SetAsync(connection, CancellationToken.None), CancellationToken.None);
        _isConfused = true;

        await Assert.ThrowsAsync<StoreUnavailableException>(() => writer.RunAsync(connection => SetAsync(connection, CancellationToken.None), CancellationToken.None));

        _isConfused = false;
        await writer.RunAsync(connection => SetAsync(connection, CancellationToken.None), CancellationToken.None);
    }

    // A statement without rows.
    private static async Task<int> SetAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var set = new NpgsqlCommand("SET work_mem TO '4MB'", connection);
        return await set.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task RelayAsync()
    {
        var relayed = new List<Task>();
        try
        {
            while (true)
            {
                var client = await _relay.AcceptTcpClientAsync(_end.Token);
                relayed.Add(RelayAsync(client));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(relayed);
        }
    }

    private async Task RelayAsync(TcpClient client)
    {
        using var server = new TcpClient();
        using (client)
        {
            await server.ConnectAsync(_fixture.Options.Host, _fixture.Options.Port, _end.Token);
            var (there, back) = (client.GetStream().CopyToAsync(server.GetStream(), _end.Token), AnswerAsync(server.GetStream(), client.GetStream()));
            await Task.WhenAny(there, back);
        }
        server.Close();
    }

    private async Task AnswerAsync(NetworkStream server, NetworkStream client)
    {
        var buffer = new byte[16 << 10];
        while (await server.ReadAsync(buffer, _end.Token) is > 0 and var read)
        {
            var end = _isConfused ? LastEnd(buffer.AsSpan(0, read)) : 0;
            await client.WriteAsync(buffer.AsMemory(0, end), _end.Token);
            if (_isConfused) await client.WriteAsync(_unexpected, _end.Token);
            await client.WriteAsync(buffer.AsMemory(end, read - end), _end.Token);
        }
    }

    // The last message that says the end of a statement. A message is a letter, four bytes of length, and the content.
    private static int LastEnd(ReadOnlySpan<byte> messages)
    {
        var found = 0;
        for (var i = 0; i + 5 <= messages.Length; i += 1 + BinaryPrimitives.ReadInt32BigEndian(messages[(i + 1)..]))
            if (messages[i] == (byte)'C') found = i;
        return found;
    }
}
