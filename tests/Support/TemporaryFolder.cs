namespace SensorDash.Tests.Support;

/// <summary>A separate folder in the system's temporary folder, deleted with its content.</summary>
/// <param name="isOnDisk">Not in memory, where the temporary folder of CI is: files there count as memory of the process.</param>
public sealed class TemporaryFolder(bool isOnDisk = false) : IDisposable
{
    private const string OnDisk = "/var/tmp";

    public string Path { get; } = isOnDisk && Directory.Exists(OnDisk)
        ? Directory.CreateDirectory(System.IO.Path.Combine(OnDisk, "sensordash-test-" + System.IO.Path.GetRandomFileName())).FullName
        : Directory.CreateTempSubdirectory("sensordash-test-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        // A pooled connection keeps its file open on some systems; leftovers stay in the system's temporary folder.
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException)
        {
        }
    }
}
