using SensorDash.Data.Transfer;

namespace SensorDash.Web.Commands.Transfer;

/// <summary>The kind of a store in a command.</summary>
internal enum StoreKind
{
    Sqlite,
    DuckDb,
    Timescale,
    Csv,
}

/// <summary>A store as a command names it: <c>sqlite:PATH</c>, <c>duckdb:PATH</c>, <c>csv:PATH</c>, <c>timescale</c>, <c>timescale:CONNECTION</c>, or a file whose kind is recognised.</summary>
/// <param name="Kind">The engine.</param>
/// <param name="Place">Absolute path, or the connection; empty means the settings.</param>
internal sealed record TransferAddress(StoreKind Kind, string Place)
{
    public const string Help = "sqlite:PATH, duckdb:PATH, csv:PATH, timescale (the server of the settings), timescale:CONNECTION such as timescale:Host=db;Database=nova;User=nova, or the path of a file whose kind is recognised";

    public bool IsFile => Kind != StoreKind.Timescale;

    /// <summary>The address as text.</summary>
    public string Text => Kind == StoreKind.Timescale && Place.Length == 0 ? "timescale" : $"{Kind.ToString().ToLowerInvariant()}:{Place}";

    /// <param name="text">The address.</param>
    /// <param name="folder">Where relative paths begin; null: the current folder.</param>
    /// <exception cref="TransferException">It names no store.</exception>
    public static TransferAddress Parse(string text, string? folder = null)
    {
        var (prefix, place) = text.Split(':', 2) is [var before, var after] ? (before.ToLowerInvariant(), after) : (text.ToLowerInvariant(), "");
        return prefix switch
        {
            "timescale" => new(StoreKind.Timescale, place),
            "sqlite" => new(StoreKind.Sqlite, PathOf(place, text, folder)),
            "duckdb" => new(StoreKind.DuckDb, PathOf(place, text, folder)),
            "csv" => new(StoreKind.Csv, PathOf(place, text, folder)),
            _ => OfFile(Path.GetFullPath(text, folder ?? Environment.CurrentDirectory)),
        };
    }

    private static string PathOf(string place, string text, string? folder)
        => place.Length > 0 ? Path.GetFullPath(place, folder ?? Environment.CurrentDirectory) : throw new TransferException($"'{text}' must name a file, such as {text.TrimEnd(':')}:/path/of/file.");

    private static TransferAddress OfFile(string path)
    {
        if (Directory.Exists(path)) throw new TransferException($"{path} is a folder. A store is {Help}.");
        if (!File.Exists(path) || new FileInfo(path).Length == 0)
        {
            if (Path.GetExtension(path) is ".duckdb") return new(StoreKind.DuckDb, path);
            return Path.GetExtension(path) is ".db" or ".sqlite" ? new(StoreKind.Sqlite, path)
                : throw new TransferException($"{path} does not exist. A store is {Help}.");
        }
        return FileKinds.Of(path) switch
        {
            FileKind.Sqlite => new(StoreKind.Sqlite, path),
            FileKind.DuckDb => new(StoreKind.DuckDb, path),
            FileKind.Csv or FileKind.Gzip => new(StoreKind.Csv, path),
            _ => throw new TransferException($"{path} is not a file of SQLite or DuckDB, and not an export of readings as CSV."),
        };
    }
}
