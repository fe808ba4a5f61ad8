using System.Net.Http.Json;
using System.Text.Json;
using DuckDB.NET.Data;
using SensorDash.Tests.Support;

namespace SensorDash.Soak.Tests;

/// <summary><c>kill -9</c> while DuckDB follows the store: afterwards both hold the same rows, each once.</summary>
public sealed class SidePathTests
{
    private const int Senders = 4;

    [Fact]
    public async Task Kill_WhileDuckDbFollows_BothSidesHoldTheSameRows()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "side.db");
        var senders = Enumerable.Range(1, Senders).Select(node => new Sender(node)).ToArray();
        var random = new Random(20_261_121);
        for (var round = 0; round < SoakSize.Choose(quick: 1, full: 20); round++)
        {
            await using (var server = await SensorDashProcess.StartAsync(path))
            {
                var left = random.Next(10, 200);
                var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                var sending = senders.Select(async sender =>
                {
                    while (await sender.PostAsync(server.Client, 500) is not null)
                        if (Interlocked.Decrement(ref left) <= 0) enough.TrySetResult();
                }).ToArray();
                await await Task.WhenAny(enough.Task, Task.WhenAll(sending));
                await server.KillAsync();
                await Task.WhenAll(sending);
            }
            await AssertEqualAsync(path);
        }
    }

    private static async Task AssertEqualAsync(string path)
    {
        await using (var server = await SensorDashProcess.StartAsync(path))
        {
            JsonElement status;
            do status = await server.Client.GetFromJsonAsync<JsonElement>("/api/system/analytics");
            while (status.GetProperty("state").GetString() == "catching_up" || status.GetProperty("lag_rows").GetInt64() > 0);
            Assert.Equal("ready", status.GetProperty("state").GetString());
            await server.KillAsync();
        }
        Assert.Equal(await StoredFile.SumAsync(path), DuckDbSum(Path.ChangeExtension(path, ".duckdb")));
    }

    private static (long Rows, UInt128 Sum) DuckDbSum(string path)
    {
        using var client = new DuckDbClient(path);
        var sum = new RowSum();
        foreach (var row in client.Read($"SELECT columns(*)::BIGINT FROM (SELECT {RowSum.Columns} FROM sensor_readings)", Values)) sum.Add(row);
        return sum.Value;

        static long?[] Values(DuckDBDataReader row) => [.. Enumerable.Range(0, row.FieldCount).Select(row.GetFieldValue<long?>)];
    }
}
