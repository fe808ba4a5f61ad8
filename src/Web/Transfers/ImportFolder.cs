using Microsoft.Extensions.Options;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Transfer;
using SensorDash.Web.Commands.Transfer;

namespace SensorDash.Web.Transfers;

/// <summary>A file that may be imported.</summary>
/// <param name="Name">Its name in the folder.</param>
/// <param name="Kind">By its first bytes.</param>
/// <param name="Problem">Why it cannot be imported; null if it seems that it can.</param>
internal sealed record ImportFile(string Name, long SizeBytes, FileKind Kind, string? Problem)
{
    public string KindText => Kind switch
    {
        FileKind.Sqlite => "SQLite",
        FileKind.DuckDb => "DuckDB",
        FileKind.Csv => "CSV",
        FileKind.Gzip => "compressed CSV",
        _ => "unknown",
    };
}

/// <summary>The files of the folder.</summary>
/// <param name="HasMore">Whether there are more files than are listed.</param>
/// <param name="Problem">Why nothing is listed; null without a problem.</param>
internal sealed record ImportList(IReadOnlyList<ImportFile> Files, bool HasMore, string? Problem);

/// <summary>The files of <c>Transfer:ImportFolder</c>. Nothing outside of it can be reached: a name must be one of the list, and links are refused.</summary>
internal sealed class ImportFolder(IOptions<TransferSettings> settings, IWebHostEnvironment environment, OwnStores own)
{
    /// <summary>Files of the list; a folder with more of them is not meant for imports.</summary>
    public const int MaxFiles = 200;

    // Of a store that is open, or was; they are part of it.
    private static readonly string[] _companions = ["-wal", "-shm", "-journal", ".wal", ".lock", ".owner"];

    /// <summary>Its absolute path; null without one.</summary>
    public string? Path => settings.Value.ImportFolder.Length == 0 ? null : System.IO.Path.GetFullPath(settings.Value.ImportFolder, environment.ContentRootPath);

    /// <summary>Its files by name.</summary>
    public ImportList List()
    {
        if (Path is not { } folder) return new([], false, null);
        try
        {
            var files = new DirectoryInfo(folder).EnumerateFiles("*", new EnumerationOptions { AttributesToSkip = 0, IgnoreInaccessible = false })
                .Where(f => !_companions.Any(end => f.Name.EndsWith(end, StringComparison.Ordinal))).Take(MaxFiles + 1).ToArray();
            return new([.. files.Take(MaxFiles).OrderBy(f => f.Name, StringComparer.Ordinal).Select(Describe)], files.Length > MaxFiles, null);
        }
        catch (DirectoryNotFoundException)
        {
            return new([], false, $"The folder {folder} (Transfer:ImportFolder) does not exist.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new([], false, $"The folder {folder} (Transfer:ImportFolder) cannot be read: {e.Message}");
        }
    }

    /// <summary>The address of a file of the list.</summary>
    /// <exception cref="TransferException">There is no such file, or it cannot be imported.</exception>
    public TransferAddress Find(string name)
    {
        var list = List();
        var file = list.Files.FirstOrDefault(f => f.Name == name) ?? throw new TransferException(list.Problem ?? "The import folder has no such file.");
        if (file.Problem is { } problem) throw new TransferException($"{name}: {problem}.");
        var path = System.IO.Path.Combine(Path!, file.Name);
        return new(file.Kind switch { FileKind.Sqlite => StoreKind.Sqlite, FileKind.DuckDb => StoreKind.DuckDb, _ => StoreKind.Csv }, path);
    }

    private ImportFile Describe(FileInfo file)
    {
        // Before anything is read: a link leads elsewhere, and a pipe or a device has no length and may never answer.
        if (file.LinkTarget is not null || file.Attributes.HasFlag(FileAttributes.ReparsePoint)) return new(file.Name, 0, FileKind.Other, "is a link; put the file itself into the folder");
        if (file.Length == 0) return new(file.Name, 0, FileKind.Other, "is empty");
        try
        {
            var kind = FileKinds.Of(file.FullName);
            return new(file.Name, file.Length, kind, ProblemOf(file, kind));
        }
        catch (TransferException e)
        {
            return new(file.Name, file.Length, FileKind.Other, e.Message);
        }
    }

    private string? ProblemOf(FileInfo file, FileKind kind)
    {
        if (kind == FileKind.Other) return "is not a file of SQLite or DuckDB, and not an export of readings as CSV";
        if (file.FullName == own.Database.Place || file.FullName == own.Readings.Place) return "is the store of this server";
        return kind == FileKind.Sqlite && SqliteFileLock.IsHeld(file.FullName) ? "is in use by a running SensorDash" : null;
    }
}
