using System.Globalization;
using System.Text;
using System.Text.Json;
using SensorDash.Data.Events;
using SensorDash.Data.Ingest;
using SensorDash.Data.Ingest.Parsing;
using SensorDash.Data.Storage;

namespace SensorDash.Web.Commands;

/// <summary>One day of a weather station: raw frames, parsed messages, view updates, commands and metadata.</summary>
/// <remarks>The events are parsed and validated like posted ones and use the write buffer.</remarks>
internal sealed class DemoEvents(WriteBuffer<LaneEvent> buffer, TimeProvider clock)
{
    private const int StepSeconds = 120;
    private const int Steps = 86_400 / StepSeconds;
    private const int StepsBetweenUpdates = 5;
    private const int StepsBetweenCheckpoints = 180;
    private const int StepsBetweenCommands = 60;
    private const int Seed = 20_260_102; // The same everywhere, like the readings.

    private static readonly string[] _capabilities = ["wind", "rain", "pressure"];
    private static readonly TimeSpan _timeout = TimeSpan.FromMinutes(2);

    /// <summary>Completes when all events are durable.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        var parser = new EventJsonParser(clock.NowMicroseconds(), trustsProducerIds: false);
        var events = new List<LaneEvent>();
        foreach (var members in Describe(clock.GetUtcNow().ToUnixTimeSeconds()))
        {
            if (parser.Parse(JsonSerializer.SerializeToUtf8Bytes(members), out var laneEvent) is { } error)
                throw new InvalidOperationException($"A demo event is invalid: {error}");
            events.Add(laneEvent);
        }
        var submission = new Submission<LaneEvent>(events.ToArray(), isWaitedFor: true);
        await buffer.AddAsync(submission, _timeout, cancellationToken);
        await submission.Done.WaitAsync(_timeout, clock, cancellationToken);
    }

    private static IEnumerable<Dictionary<string, object>> Describe(long now)
    {
        var start = now - (now % StepSeconds) - ((Steps - 1) * StepSeconds);
        var random = new Random(Seed);
        yield return Metadata("ProducerDescriptor", Time(start), new { maker = "Example", model = "WS-2", capabilities = _capabilities });
        yield return Metadata("Calibration", Time(start + 30), new { pressure = new { offset = -0.4, unit = "hPa" } });
        for (var step = 0; step < Steps; step++)
        {
            var at = start + (step * StepSeconds);
            var (wind, pressure) = (Math.Round(3 + (2 * Math.Sin(step / 40.0)) + random.NextDouble(), 1), Math.Round(1013 + (4 * Math.Sin(step / 200.0)), 1));
            if (step is > 300 and < 345) continue; // A disconnected cable.
            yield return Of("raw", Time(at, 100), ("connectionId", "serial-1"), ("sequence", step), ("bytes", Frame(wind, pressure)));
            yield return Of("parsed", Time(at, 130), ("streamId", "weather"), ("streamType", "weather.wind"), ("schemaVersion", "1.2"),
                ("payload", new { wind = new { speed = wind, unit = "m/s" }, pressure, ok = wind < 5.5 }));
            if (step % StepsBetweenCheckpoints == 0) yield return Ui(UiEvent.Checkpoint, Time(at, 150), new { title = "Roof", wind, pressure, alarm = false });
            else if (step % StepsBetweenUpdates == 0) yield return Ui(UiEvent.Update, Time(at, 150), new { wind, pressure });
            if (step % StepsBetweenCommands != 30) continue;
            var id = string.Create(CultureInfo.InvariantCulture, $"heat-{at}");
            yield return Command(CommandEvent.Request, id, Time(at, 200), new { seconds = 30 });
            yield return Command(CommandEvent.Progress, id, Time(at + 15, 0), new { percent = 50 });
            yield return Command(CommandEvent.Result, id, Time(at + 30, 0), new { done = true });
        }
    }

    private static Dictionary<string, object> Of(string lane, string time, params (string Name, object Value)[] members)
    {
        var all = members.ToDictionary(m => m.Name, m => m.Value);
        (all["lane"], all["scopeId"], all["sourceTruthTime"]) = (lane, "roof", time);
        return all;
    }

    private static Dictionary<string, object> Metadata(string type, string time, object payload)
        => Of("metadata", time, ("messageType", type), ("streamId", "weather"), ("payload", payload));

    private static Dictionary<string, object> Ui(string type, string time, object data)
        => Of("ui", time, ("messageType", type), ("systemId", "house"), ("containerId", "roof"), ("uniqueId", "station"), ("viewId", "now"),
            ("manifestId", "weather-view"), ("manifestVersion", "3"), ("data", data));

    private static Dictionary<string, object> Command(string type, string id, string time, object payload)
    {
        var command = Of("command", time, ("messageType", type), ("commandId", id), ("targetId", "station"), ("commandType", "heatSensor"),
            ("timelineMode", CommandEvent.LiveMode), ("payload", payload));
        if (type == CommandEvent.Request) command["requestId"] = "request-" + id;
        return command;
    }

    // A sentence like those of NMEA 0183, with its checksum.
    private static string Frame(double wind, double pressure)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"WIMWV,214.8,R,{wind:0.0},M,{pressure:0.0},A");
        var sum = text.Aggregate(0, (sum, c) => sum ^ c);
        return Convert.ToBase64String(Encoding.ASCII.GetBytes($"${text}*{sum:X2}\r\n"));
    }

    private static string Time(long seconds, int milliseconds = 0) => EventTime.Format((seconds * 1_000_000) + (milliseconds * 1_000L));
}
