namespace SensorDash.DuckDb.Tests;

/// <summary>The path of a database file in a folder of its own, removed at the end.</summary>
internal sealed class TemporaryFile : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("duckdb-tests-").FullName;

    public string Path => System.IO.Path.Combine(_folder, "data.duckdb");

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
