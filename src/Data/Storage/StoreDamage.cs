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

[JsonSerializable(typeof(StoreDamage))]
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
internal sealed partial class StoreDamageJson : JsonSerializerContext;
