using System.Globalization;
using System.Text.Json;
using SensorDash.Data.Events;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;

namespace SensorDash.Web.Commands.Transfer;

/// <summary>A running server that holds a store: it runs the transfers of the store, because a file admits one process.</summary>
internal sealed class TransferServer : IDisposable
{
    private static readonly TimeSpan _pollEvery = TimeSpan.FromMilliseconds(100);

    // Longer than the server waits for anything in a cut-over.
    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(2);

    private readonly HttpClient _client;

    /// <summary>The environment variable with an API key of the scope admin, for a server where people sign in.</summary>
    private const string KeyVariable = "SENSORDASH_API_KEY";

    private TransferServer(Uri address)
    {
        _client = new(new SocketsHttpHandler(), disposeHandler: true) { BaseAddress = address, Timeout = TimeSpan.FromSeconds(30) };
        if (Environment.GetEnvironmentVariable(KeyVariable) is { Length: > 0 } key) _client.DefaultRequestHeaders.Authorization = new("Bearer", key);
    }

    /// <summary>Finds the server of a store by the lock of its file.</summary>
    /// <param name="url">The server, if the user names it.</param>
    /// <param name="stores">Stores that it may hold.</param>
    /// <param name="mayBeOther">Whether another command may hold them.</param>
    /// <returns>Null when no server holds one of them.</returns>
    /// <exception cref="TransferException">The address is invalid, or a process holds a store and does not say where it listens.</exception>
    public static TransferServer? Find(string? url, IEnumerable<TransferAddress> stores, bool mayBeOther = false)
    {
        if (url is not null)
        {
            return Uri.TryCreate(url, UriKind.Absolute, out var given) && given.Scheme is "http" or "https" && given.IsLoopback ? new(given)
                : throw new TransferException($"--server must be an address of this machine, such as http://127.0.0.1:5080, not '{OutsideText.Shown(url)}'.");
        }
        foreach (var file in stores.Where(s => s.Kind == StoreKind.Sqlite).Select(s => s.Place))
        {
            if (SqliteFileLock.FindServer(file) is { } found) return new(new Uri(found));
            if (!mayBeOther && SqliteFileLock.IsHeld(file)) throw new TransferException($"{file} is in use by a process that does not say where it listens. Name it with --server.");
        }
        return null;
    }

    /// <summary>The state of dual-write.</summary>
    public async Task<JsonElement> ReadAsync(CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Get, "", cancellationToken);
        return await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
    }

    /// <summary>Runs a cut-over or rollback and waits for its end.</summary>
    public async Task<int> MoveAsync(string name, TextWriter output, CancellationToken cancellationToken)
    {
        var before = NumberOf(await ReadAsync(cancellationToken));
        (await SendAsync(HttpMethod.Post, "/" + name, cancellationToken)).Dispose();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_limit);
        while (true)
        {
            var state = await ReadAsync(limit.Token); // Waits while the server changes its store.
            if (NumberOf(state) == before)
            {
                await Task.Delay(_pollEvery, limit.Token);
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
        await output.WriteLineAsync($"Server {_client.BaseAddress}: its store is {Text("role")}; dual-write is {Text("state")}{(Text("secondary") is { Length: > 0 } to ? $", to {to}" : "")}");
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

    public void Dispose() => _client.Dispose();

    private static long NumberOf(JsonElement state) => state.GetProperty("last_move") is { ValueKind: JsonValueKind.Object } move ? move.GetProperty("number").GetInt64() : 0;

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(method, new Uri("/api/transfers" + path, UriKind.Relative));
            var response = await _client.SendAsync(request, cancellationToken);
            if (response.IsSuccessStatusCode) return response;
            using (response)
            {
                var problem = await response.Content.ReadAsStringAsync(cancellationToken);
                var detail = problem.StartsWith('{') ? JsonDocument.Parse(problem).RootElement.GetProperty("error").GetString() : problem;
                var hint = response.StatusCode is System.Net.HttpStatusCode.Unauthorized or System.Net.HttpStatusCode.Forbidden ? $" Set {KeyVariable} to an API key with the scope admin." : "";
                throw new TransferException($"The server refuses: {detail}.{hint}");
            }
        }
        catch (HttpRequestException e)
        {
            throw new TransferException($"The server at {_client.BaseAddress} does not answer: {e.Message}", e);
        }
    }
}
