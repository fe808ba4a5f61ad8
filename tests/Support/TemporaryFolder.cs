namespace SensorDash.Tests.Support;

/// <summary>A separate folder in the system's temporary folder, deleted with its content.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("sensordash-test-").FullName;

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
