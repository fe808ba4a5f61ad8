using System.Globalization;
using SensorDash.Tests.Support;

namespace SensorDash.Faults.Tests.PowerCuts;

/// <summary>A library that the program loads first: it logs each change of a file in one folder, and each sync.</summary>
internal sealed class Recorder : IDisposable
{
    // A disk takes a while to sync; what others write meanwhile is not covered.
    private const int SyncMicroseconds = 500;

    private readonly TemporaryFolder _folder = new();

    private Recorder()
    {
    }

    public string LogPath => _folder.File("recording");

    /// <summary>Length of the recording so far: whatever has happened is in it.</summary>
    public long Position => new FileInfo(LogPath) is { Exists: true } log ? log.Length : 0;

    /// <inheritdoc cref="NativeLibrary.BuildAsync"/>
    public static async Task<Recorder> BuildAsync()
    {
        var recorder = new Recorder();
        await NativeLibrary.BuildAsync("PowerCuts/recorder.c", recorder.LibraryPath);
        return recorder;
    }

    /// <summary>Environment of a program whose changes below <paramref name="folder"/> are recorded.</summary>
    public (string Name, string Value)[] EnvironmentOf(string folder) =>
    [
        ("LD_PRELOAD", LibraryPath), ("RECORDED_FOLDER", folder), ("RECORDED_LOG", LogPath), ("RECORDED_SYNC_MICROSECONDS", SyncMicroseconds.ToString(CultureInfo.InvariantCulture)),
    ];

    public void Dispose() => _folder.Dispose();

    private string LibraryPath => _folder.File("recorder.so");
}
