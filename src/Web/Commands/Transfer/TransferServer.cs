using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using SensorDash.Data.Events;
using SensorDash.Data.Transfer;

namespace SensorDash.Web.Commands.Transfer;

/// <summary>A running server that holds a store: it runs the transfers of the store, because a file admits one process.</summary>
internal sealed class TransferServer : IDisposable
{
    private static readonly TimeSpan _pollEvery = TimeSpan.FromMilliseconds(100);

    // Longer than the server waits for anything in a cut-over.
    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(2);

    private readonly RunningServer _server;

    private TransferServer(RunningServer server) => _server = server;

    /// <inheritdoc cref="RunningServer.Find"/>
    public static TransferServer? Find(string? url, IEnumerable<TransferAddress> stores, bool mayBeOther = false)
        => RunningServer.Find(url, stores.Where(s => s.Kind == StoreKind.Sqlite).Select(s => s.Place), mayBeOther) is { } server ? new(server) : null;

    /// <summary>The state of dual-write.</summary>
    public Task<JsonElement> ReadAsync(CancellationToken cancellationToken) => _server.PollAsync("/api/transfers", cancellationToken);

    /// <summary>Runs a cut-over or rollback and waits for its end.</summary>
    public async Task<int> MoveAsync(string name, TextWriter output, CancellationToken cancellationToken)
    {
        var before = NumberOf(await ReadAsync(cancellationToken));
        (await SendAsync(HttpMethod.Post, "/" + name, cancellationToken)).Dispose();
        var begun = Stopwatch.GetTimestamp();
        while (true)
        {
            var state = await ReadAsync(cancellationToken);
            if (NumberOf(state) == before)
            {
                if (Stopwatch.GetElapsedTime(begun) > _limit) throw new TransferException($"The server has not moved within {_limit.TotalMinutes:0} minutes; 'transfer status' shows its state.");
                await Task.Delay(_pollEvery, cancellationToken);
                continue;
            }
            var move = state.GetProperty("last_move");
            if (move.GetProperty("error").GetString() is { } error) throw new TransferException($"The data did not move; the server goes on as before: {error}");
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                $"The data is in {move.GetProperty("to").GetString()} now; requests waited {move.GetProperty("seconds").GetDouble():0.00} s. {move.GetProperty("from").GetString()} follows it."));
            await output.WriteLineAsync("Settings for the next start of the server:");
            foreach (var setting in move.GetProperty("settings").EnumerateObject()) await output.WriteLineAsync($"  {setting.Name}={setting.Value.GetString()}");
            return TransferCommand.Complete;
        }
    }

    public async Task<int> FinishAsync(TextWriter output, CancellationToken cancellationToken)
    {
        var secondary = (await ReadAsync(cancellationToken)).GetProperty("secondary").GetString();
        (await SendAsync(HttpMethod.Post, "/finish", cancellationToken)).Dispose();
        await output.WriteLineAsync($"Dual-write has ended. {secondary} is retired; remove Transfer:Secondary from the settings.");
        return TransferCommand.Complete;
    }

    public async Task<int> StatusAsync(TextWriter output, CancellationToken cancellationToken)
    {
        var state = await ReadAsync(cancellationToken);
        string Text(string name) => state.GetProperty(name).ToString();
        await output.WriteLineAsync($"Server {_server.Address}: its store is {Text("role")}; dual-write is {Text("state")}{(Text("secondary") is { Length: > 0 } to ? $", to {to}" : "")}");
        if (Text("message") is { Length: > 0 } message) await output.WriteLineAsync($"  {message}");
        if (Text("state") == "copying") await output.WriteLineAsync($"  {Text("copied_rows")} of {Text("rows_to_copy")} rows copied");
        await output.WriteLineAsync($"  {Text("lag_rows")} rows behind ({Text("lag_seconds")} s), {Text("mismatches")} chunks differ, "
            + (state.GetProperty("verified_at") is { ValueKind: JsonValueKind.Number } at ? $"found equal at {EventTime.Format(at.GetInt64() * 1_000_000)}" : $"not verified yet, {Text("compared_rows")} rows compared"));
        if (state.GetProperty("job") is { ValueKind: JsonValueKind.Object } job) await output.WriteLineAsync($"  {Describe(job)}");
        await output.WriteLineAsync(Text("refusal") is { Length: > 0 } refusal ? $"  It cannot move now: {refusal}." : "  It can move now.");
        return TransferCommand.Complete;
    }

    private static string Describe(JsonElement job)
    {
        var what = $"{Text("kind")} of {(Text("file") is { Length: > 0 } file ? file : "this store")} → {Text("target")}: {Text("state")}";
        if (Text("message") is { Length: > 0 } message) return $"{what}: {message}";
        return Text("step") is { Length: > 0 } step ? $"{what}, {step} {Text("part")}, {Text("rows")} of {Text("total")} rows" : what;

        string Text(string name) => job.GetProperty(name).ToString();
    }

    public void Dispose() => _server.Dispose();

    private static long NumberOf(JsonElement state) => state.GetProperty("last_move") is { ValueKind: JsonValueKind.Object } move ? move.GetProperty("number").GetInt64() : 0;

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, CancellationToken cancellationToken) => _server.SendAsync(method, "/api/transfers" + path, cancellationToken);
}
