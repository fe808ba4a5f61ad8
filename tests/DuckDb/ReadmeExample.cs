namespace SensorDash.DuckDb.Tests;

/// <summary>The README's example: its lines stand there and here, word for word, and here they run.</summary>
public sealed class ReadmeExample
{
    private static (long Rows, double Sum, string? Hottest) Run(CancellationToken cancellationToken)
    {
        // README
        using var database = DuckDbDatabase.Open(null, new DuckDbOptions { MemoryLimitMiB = 48, Threads = 1 });
        using var connection = database.Connect();
        connection.Execute("CREATE TABLE readings (node VARCHAR, taken_at TIMESTAMP, celsius DOUBLE)", cancellationToken);

        using (var appender = connection.CreateAppender(null, "readings"))
        {
            for (var second = 0; second < 10_000; second++)
            {
                appender.Append(second % 2 == 0 ? "attic" : "cellar");
                appender.Append(second * 1_000_000L); // TIMESTAMP: microseconds since 1970
                appender.Append(second % 100 == 0 ? (double?)null : 20 + second % 7);
                appender.EndRow();
            }
            appender.Close(cancellationToken);
        }

        using var statement = connection.Prepare("SELECT node, celsius FROM readings WHERE celsius >= $least", cancellationToken);
        statement.Bind("least", 25.0);
        using var result = statement.Query(cancellationToken);
        var (rows, sum, hottest) = (0L, 0.0, (string?)null);
        while (result.NextChunk(cancellationToken) is { } chunk)
        {
            // A span over DuckDB's own memory: valid until the next chunk.
            foreach (var celsius in chunk[1].Values<double>()) sum += celsius;
            rows += chunk.RowCount;
            hottest = chunk[0].GetString(0);
        }
        // README
        return (rows, sum, hottest);
    }

    [Fact]
    public void Example_Runs()
    {
        var (rows, sum, hottest) = Run(CancellationToken.None);
        var expected = Enumerable.Range(0, 10_000).Where(second => second % 100 != 0 && second % 7 >= 5).ToList();
        Assert.Equal(expected.Count, rows);
        Assert.Equal(expected.Sum(second => 20.0 + second % 7), sum);
        Assert.Equal("cellar", hottest);
    }

    [Fact]
    public void Example_InTheReadme_IsThisOne()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "Readme");
        var source = File.ReadAllText(Path.Combine(folder, "ReadmeExample.cs")).Split("        // README\n")[1];
        var here = source.Replace("\n        ", "\n", StringComparison.Ordinal)[8..].Trim();
        var readme = File.ReadAllText(Path.Combine(folder, "README.md"));
        Assert.Equal(here, readme.Split("```csharp\n")[1].Split("```")[0].Trim());
    }
}
