using System.Net;
using SensorDash.Tests.Support;

namespace SensorDash.Faults.Tests.PowerCuts;

/// <summary>The recording of a program under load that is killed, started again and stopped, and what its senders knew at each moment.</summary>
internal sealed class RecordedSession : IDisposable
{
    private const int MaxRows = 120;

    private readonly Recorder _recorder;
    private readonly TemporaryFolder _folder = new();
    private readonly Sender[] _senders = [.. Enumerable.Range(1, 3).Select(node => new Sender(node))];
    private readonly EventSender[] _eventSenders = [new(), new()];

    // Per sender: how many rows were acknowledged at which position of the recording.
    private readonly List<(long Position, int Acknowledged)>[] _acknowledged = [.. Enumerable.Range(0, 5).Select(_ => new List<(long, int)>())];

    private RecordedSession(Recorder recorder) => _recorder = recorder;

    public string LogPath => _recorder.LogPath;

    /// <summary>Where the first row may be: the files exist.</summary>
    public long FirstPosition { get; private set; }

    /// <param name="responses">So many before it is killed, and after.</param>
    public static async Task<RecordedSession> RunAsync(Engine engine, int responses)
    {
        var session = new RecordedSession(await Recorder.BuildAsync());
        await session.RunOnceAsync(engine, responses, isKilled: true);
        await session.RunOnceAsync(engine, responses, isKilled: false);
        return session;
    }

    /// <summary>The senders with how many of their rows were acknowledged by then.</summary>
    public (IReadOnlyCollection<(Sender, int)> Readings, IReadOnlyCollection<(EventSender, int)> Events) AcknowledgedBefore(long position)
    {
        var counts = _acknowledged.Select(each => each.LastOrDefault(known => known.Position <= position).Acknowledged).ToArray();
        return ([.. _senders.Zip(counts)], [.. _eventSenders.Zip(counts.Skip(_senders.Length))]);
    }

    public void Dispose()
    {
        _folder.Dispose();
        _recorder.Dispose();
    }

    private async Task RunOnceAsync(Engine engine, int responses, bool isKilled)
    {
        var files = new StoreFiles(engine, _folder.Path);
        await using var server = await SensorDashProcess.StartAsync(files.SqlitePath, [("Ingest__Durability", "Full"), .. files.Settings, .. _recorder.EnvironmentOf(_folder.Path)]);
        if (FirstPosition == 0) FirstPosition = _recorder.Position;
        var left = responses;
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var sending = Task.WhenAll([
            .. _senders.Select((sender, i) => PostAsync(i, count => sender.PostAsync(server.Client, count), () => sender.Acknowledged.Count)),
            .. _eventSenders.Select((sender, i) => PostAsync(_senders.Length + i, count => sender.PostAsync(server.Client, count), () => sender.Acknowledged.Count))]);
        await await Task.WhenAny(enough.Task, sending);
        if (isKilled) await server.KillAsync();
        await sending;
        if (!isKilled) await server.TerminateAsync();

        async Task PostAsync(int sender, Func<int, Task<HttpStatusCode?>> post, Func<int> acknowledged)
        {
            for (var i = sender; (isKilled || !enough.Task.IsCompleted) && await post(i % 3 == 0 ? 1 : 1 + (i * 7 % MaxRows)) is not null; i++)
            {
                _acknowledged[sender].Add((_recorder.Position, acknowledged()));
                if (Interlocked.Decrement(ref left) <= 0) enough.TrySetResult();
            }
        }
    }
}
