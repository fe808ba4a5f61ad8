using System.Globalization;
using System.Text;
using System.Text.Json;
using SensorDash.Data.Events;
using SensorDash.Data.Ingest;
using SensorDash.Data.Ingest.Parsing;
using SensorDash.Data.Storage;

namespace SensorDash.Web.Demo;

/// <summary>A weather station: raw frames, parsed messages, view updates, commands and metadata. A day of it, then as time goes on.</summary>
/// <remarks>The events are parsed and validated like posted ones and use the write buffer. What happens at a second depends on it alone.</remarks>
internal sealed class DemoEvents(WriteBuffer<LaneEvent> buffer, TimeProvider clock)
{
    private const int SecondsPerDay = 86_400;
    private const int HistoryStep = 120; // Seconds between messages of the day before.
    private const int SecondsBetweenUpdates = 5;
    private const int SecondsBetweenCheckpoints = 21_600;
    private const int SecondsBetweenCommands = 120;
    private const int HistorySecondsBetweenCommands = 7_200;

    private static readonly string[] _capabilities = ["wind", "rain", "pressure"];
    private static readonly TimeSpan _timeout = TimeSpan.FromMinutes(2);

    /// <summary>Stores the day before <paramref name="now"/> (Unix seconds); completes when all events are durable.</summary>
    public Task LoadAsync(long now, CancellationToken cancellationToken) => StoreAsync(History(now), cancellationToken);

    /// <summary>Stores what happens after <paramref name="after"/> up to <paramref name="now"/> (Unix seconds); completes when it is durable.</summary>
    public Task SendAsync(long after, long now, CancellationToken cancellationToken) => StoreAsync(Since(after, now), cancellationToken);

    private async Task StoreAsync(IEnumerable<Dictionary<string, object>> described, CancellationToken cancellationToken)
    {
        var parser = new EventJsonParser(clock.NowMicroseconds(), trustsProducerIds: false);
        var events = new List<LaneEvent>();
        foreach (var members in described)
        {
            if (parser.Parse(JsonSerializer.SerializeToUtf8Bytes(members), out var laneEvent) is { } error)
                throw new InvalidOperationException($"A demo event is invalid: {error}");
            events.Add(laneEvent);
        }
        if (events.Count == 0) return;
        var submission = new Submission<LaneEvent>(events.ToArray(), isWaitedFor: true);
        await buffer.AddAsync(submission, _timeout, cancellationToken);
        await submission.Done.WaitAsync(_timeout, clock, cancellationToken);
    }

    private static IEnumerable<Dictionary<string, object>> History(long now)
    {
        var start = now - SecondsPerDay;
        var midnight = start - (start % SecondsPerDay); // The same all day: loading it again adds no second description.
        yield return Metadata("ProducerDescriptor", Time(midnight), new { maker = "Example", model = "WS-2", capabilities = _capabilities });
        yield return Metadata("Calibration", Time(midnight + 30), new { pressure = new { offset = -0.4, unit = "hPa" } });
        for (var at = start + HistoryStep - (start % HistoryStep); at <= now; at += HistoryStep)
        {
            if (now - at is > 45_000 and < 50_400) continue; // A disconnected cable.
            foreach (var message in MessagesAt(at)) yield return message;
            if (at % SecondsBetweenCheckpoints < HistoryStep) yield return CheckpointAt(at);
            else if (at % (5 * HistoryStep) == 0) yield return UpdateAt(at);
            if (at % HistorySecondsBetweenCommands != HistorySecondsBetweenCommands / 2) continue;
            foreach (var step in CommandAt(at)) if (step.At <= now) yield return step.Event;
        }
    }

    private static IEnumerable<Dictionary<string, object>> Since(long after, long now)
    {
        for (var at = after + 1; at <= now; at++)
        {
            foreach (var message in MessagesAt(at)) yield return message;
            if (at % SecondsBetweenCheckpoints == 0) yield return CheckpointAt(at);
            else if (at % SecondsBetweenUpdates == 0) yield return UpdateAt(at);
            foreach (var step in CommandAt(at - (at % SecondsBetweenCommands))) if (step.At == at) yield return step.Event;
        }
    }

    private static Dictionary<string, object>[] MessagesAt(long at)
    {
        var (wind, pressure) = WeatherAt(at);
        return [
            Of("raw", Time(at, 100), ("connectionId", "serial-1"), ("sequence", at), ("bytes", Frame(wind, pressure))),
            Of("parsed", Time(at, 130), ("streamId", "weather"), ("streamType", "weather.wind"), ("schemaVersion", "1.2"),
                ("payload", new { wind = new { speed = wind, unit = "m/s" }, pressure, ok = wind < 5.5 })),
        ];
    }

    private static Dictionary<string, object> UpdateAt(long at)
    {
        var (wind, pressure) = WeatherAt(at);
        return Ui(UiEvent.Update, Time(at, 150), new { wind, pressure });
    }

    private static Dictionary<string, object> CheckpointAt(long at)
    {
        var (wind, pressure) = WeatherAt(at);
        return Ui(UiEvent.Checkpoint, Time(at, 150), new { title = "Roof", wind, pressure, alarm = false });
    }

    private static (long At, Dictionary<string, object> Event)[] CommandAt(long at)
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"heat-{at}");
        return [
            (at, Command(CommandEvent.Request, id, Time(at, 200), new { seconds = 30 })),
            (at + 15, Command(CommandEvent.Progress, id, Time(at + 15), new { percent = 50 })),
            (at + 30, Command(CommandEvent.Result, id, Time(at + 30), new { done = true })),
        ];
    }

    private static (double Wind, double Pressure) WeatherAt(long at)
        => (Math.Round(3.5 + (2 * Math.Sin(at / 4_800.0)) + DemoNodes.Noise(0, at), 1), Math.Round(1013 + (4 * Math.Sin(at / 24_000.0)), 1));

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
