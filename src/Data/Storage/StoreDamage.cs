using System.Text.Json;
using System.Text.Json.Serialization;

namespace SensorDash.Data.Storage;

/// <summary>A database that was damaged at a start, and is set aside: nothing of it is deleted, and a new one takes its place until the owner has decided.</summary>
/// <param name="Aside">Path of the damaged file; its logs lie beside it.</param>
/// <param name="Found">What is wrong with it.</param>
/// <param name="At">When it was set aside, Unix seconds.</param>
public sealed record StoreDamage(string Aside, string Found, long At)
{
    /// <summary>The ending of the file that keeps this, beside the database.</summary>
    public const string Ending = ".damaged";

    /// <summary>Path of the side path of the damaged database, which is set aside too: it has a copy of the readings. Null without.</summary>
    public string? SidePath { get; init; }

    /// <summary>Whether everything is done that the first start with a new database does.</summary>
    public bool IsComplete { get; init; }

    /// <summary>Tables of users, keys and sessions that could not be taken over from it.</summary>
    public IReadOnlyList<string> Lost { get; init; } = [];

    /// <summary>The repaired database that takes the place of the one that took readings since; null until it is complete. A swap that was interrupted goes on at the next start.</summary>
    public StoreSwap? Swap { get; init; }

    /// <summary>Reads it; null if no damage waits for a decision.</summary>
    /// <param name="database">Path of the database.</param>
    public static StoreDamage? Read(string database)
    {
        try
        {
            return File.Exists(database + Ending) ? JsonSerializer.Deserialize(File.ReadAllText(database + Ending), StoreDamageJson.Default.StoreDamage) : null;
        }
        catch (JsonException)
        {
            return new(database, $"{database + Ending} cannot be read", new DateTimeOffset(File.GetLastWriteTimeUtc(database + Ending)).ToUnixTimeSeconds());
        }
    }

    /// <summary>Keeps it until the owner has decided.</summary>
    public void Write(string database) => DurableFile.Write(database + Ending, file => JsonSerializer.Serialize(file, this, StoreDamageJson.Default.StoreDamage));

    /// <summary>Forgets it; the files stay.</summary>
    public static void Forget(string database) => File.Delete(database + Ending);
}

/// <summary>Two files that change their names.</summary>
/// <param name="Next">The repaired database.</param>
/// <param name="Former">Where the one goes that took readings since the damage.</param>
/// <param name="Result">What was repaired.</param>
public sealed record StoreSwap(string Next, string Former, RepairResult Result);

/// <summary>What became of a database that was set aside.</summary>
/// <param name="Kind">restore, salvage or go_on.</param>
/// <param name="At">When, Unix seconds.</param>
/// <param name="Text">The result in a sentence.</param>
/// <param name="Losses">What is lost or doubtful, in sentences.</param>
public sealed record RepairResult(string Kind, long At, string Text, IReadOnlyList<string> Losses)
{
    /// <summary>The ending of the file that keeps it, beside the database that was set aside.</summary>
    public const string Ending = ".result";

    /// <summary>Reads that of a file; null without.</summary>
    public static RepairResult? Read(string aside)
    {
        try
        {
            return File.Exists(aside + Ending) ? JsonSerializer.Deserialize(File.ReadAllText(aside + Ending), StoreDamageJson.Default.RepairResult) : null;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Keeps it.</summary>
    public void Write(string aside) => DurableFile.Write(aside + Ending, file => JsonSerializer.Serialize(file, this, StoreDamageJson.Default.RepairResult));
}

/// <summary>A database that was set aside: nobody deletes it but a person.</summary>
/// <param name="Path">The file.</param>
/// <param name="Bytes">Its size, with its logs.</param>
/// <param name="At">When it was last written, Unix seconds.</param>
/// <param name="Result">What became of it; null if nothing is known.</param>
public sealed record AsideFile(string Path, long Bytes, long At, RepairResult? Result)
{
    private static readonly string[] _companions = ["-wal", "-shm", "-journal"];

    /// <summary>Those of a database, newest first.</summary>
    public static IReadOnlyList<AsideFile> List(string database)
    {
        try
        {
            var name = System.IO.Path.GetFileName(database) + FileAside.Mark;
            return [.. Directory.EnumerateFiles(System.IO.Path.GetDirectoryName(database)!, name + "*").Where(IsDatabase)
                .OrderByDescending(file => file, StringComparer.Ordinal)
                .Select(file => new AsideFile(file, FileSize.Of([file, .. _companions.Select(ending => file + ending)]), new DateTimeOffset(File.GetLastWriteTimeUtc(file)).ToUnixTimeSeconds(), RepairResult.Read(file)))];

            bool IsDatabase(string file) => !System.IO.Path.GetFileName(file)[name.Length..].Contains('.', StringComparison.Ordinal) && !_companions.Any(ending => file.EndsWith(ending, StringComparison.Ordinal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}

[JsonSerializable(typeof(StoreDamage))]
[JsonSerializable(typeof(RepairResult))]
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
internal sealed partial class StoreDamageJson : JsonSerializerContext;
