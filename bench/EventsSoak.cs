using System.Diagnostics;
using System.Text;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Bench;

/// <summary>Raw events over HTTP for a long time, at half the maximum rate measured before: checks that memory stays constant and the store keeps up.</summary>
internal static class EventsSoak
{
    private const int LinesPerRequest = 5_000;
    private const int Connections = 4;

    private static readonly TimeSpan _flatOut = TimeSpan.FromSeconds(20);

    public static async Task<int> RunAsync(int minutes)
    {
        using (var folder = new TemporaryFolder())
        {
            await using var server = await PublishedProgram.StartAsync(folder.File("events.db"));
            await RunAsync("SQLite", server, minutes);
        }
        using (var folder = new TemporaryFolder())
        {
            await using var database = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);
            await using var server = await PublishedProgram.StartAsync(
                folder.File("unused.db"), [.. database.ProgramEnvironment, ("Analytics__Path", folder.File("side.duckdb"))]);
            await RunAsync("TimescaleDB", server, minutes);
        }
        return 0;
    }

    private static async Task RunAsync(string engine, SensorDashProcess server, int minutes)
    {
        var sender = new Sender(server.Client);
        var watch = Stopwatch.StartNew();
        await sender.SendAsync(double.PositiveInfinity, _flatOut);
        var rate = sender.Sent / watch.Elapsed.TotalSeconds;
        Console.WriteLine($"{engine}: {rate:N0} events/s at maximum rate; now {rate / 2:N0} events/s for {minutes} minutes; {Environment.ProcessorCount} cores, .NET {Environment.Version}");
        Console.WriteLine("| minute | events/s | slowest response, ms | anonymous / peak resident MiB |\n|---|---|---|---|");
        var pace = sender.SendAsync(rate / 2, TimeSpan.FromMinutes(minutes));
        for (var minute = 1; minute <= minutes; minute++)
        {
            var before = sender.Sent;
            watch.Restart();
            await Task.WhenAny(pace, Task.Delay(TimeSpan.FromMinutes(1)));
            var (anonymous, peak) = server.Memory();
            Console.WriteLine($"| {minute} | {(sender.Sent - before) / watch.Elapsed.TotalSeconds:N0} | {sender.TakeSlowest().TotalMilliseconds:N0} | {anonymous:0} / {peak:0} |");
        }
        await pace;
        Console.WriteLine($"{engine}: {sender.Sent:N0} events, all new");
    }

    private sealed class Sender(HttpClient client)
    {
        private readonly DateTimeOffset _start = new DateTimeOffset(TimeProvider.System.GetUtcNow().UtcDateTime.Date, TimeSpan.Zero).AddDays(-1);
        private readonly Lock _lock = new();
        private int _next;
        private long _sent;
        private TimeSpan _slowest;

        public long Sent => Interlocked.Read(ref _sent);

        public TimeSpan TakeSlowest()
        {
            lock (_lock)
            {
                var slowest = _slowest;
                _slowest = TimeSpan.Zero;
                return slowest;
            }
        }

        /// <summary>Sends over several connections, none ahead of the rate; a connection that is behind sends immediately.</summary>
        public Task SendAsync(double perSecond, TimeSpan duration)
        {
            var (watch, first) = (Stopwatch.StartNew(), _next);
            return Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Task.Run(async () =>
            {
                while (watch.Elapsed < duration)
                {
                    var request = Interlocked.Increment(ref _next) - 1;
                    var body = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(request * LinesPerRequest, LinesPerRequest)
                        .Select(number => EventsHttpBench.RawLine(number, _start) + "\n")));
                    var due = TimeSpan.FromSeconds((request - first) * LinesPerRequest / perSecond) - watch.Elapsed;
                    if (due > TimeSpan.Zero) await Task.Delay(due);
                    var asked = watch.Elapsed;
                    var inserted = await EventsHttpBench.PostAsync(client, body);
                    if (inserted != LinesPerRequest) throw new InvalidOperationException($"{inserted} of {LinesPerRequest} events were new.");
                    Interlocked.Add(ref _sent, inserted);
                    lock (_lock) _slowest = TimeSpan.FromTicks(Math.Max(_slowest.Ticks, (watch.Elapsed - asked).Ticks));
                }
            })));
        }
    }
}
