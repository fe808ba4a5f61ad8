namespace SensorDash.Tests.Support;

/// <summary>A folder of its own under the system's temporary one, removed with everything in it.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("sensordash-test-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        // A connection that a pool still holds keeps its file alive on some systems; the folder is in the temporary one anyway.
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException)
        {
        }
    }
}
