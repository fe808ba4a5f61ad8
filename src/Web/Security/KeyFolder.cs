using System.Data.Common;
using System.Xml;
using Microsoft.Extensions.Options;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Storage;

namespace SensorDash.Web.Security;

/// <summary>The folder <c>keys</c> beside the database, where earlier versions kept the keys that sign forms. They move into the database once.</summary>
internal sealed partial class KeyFolder(KeyRing keys, IOptions<SqliteOptions> sqlite, TimeProvider clock, ILogger<KeyFolder> logger)
{
    private const string FolderName = "keys";

    private string Folder => Path.Combine(Path.GetDirectoryName(sqlite.Value.Path)!, FolderName);

    /// <summary>Moves the keys, and deletes the folder when it is empty. A file is deleted only after its key is in the database.</summary>
    /// <remarks>A file that cannot be read or deleted stays, and the next startup tries again: the keys are then made anew, or are in both places.</remarks>
    public void TakeOver()
    {
        try
        {
            if (!Directory.Exists(Folder)) return;
            foreach (var path in Directory.GetFiles(Folder, "*.xml").Order(StringComparer.Ordinal)) TakeOver(path);
            if (!Directory.EnumerateFileSystemEntries(Folder).Any()) Directory.Delete(Folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DbException)
        {
            Log.NotMoved(logger, Folder, e.Message);
        }
    }

    private void TakeOver(string path)
    {
        var text = File.ReadAllText(path);
        try
        {
            _ = KeyRing.Parse(text);
        }
        catch (XmlException e)
        {
            Log.SetAside(logger, path, FileAside.Move(path, clock), e.Message);
            return;
        }
        keys.Add(Path.GetFileNameWithoutExtension(path), text);
        File.Delete(path);
        Log.Moved(logger, path);
    }

    private static partial class Log
    {
        [LoggerMessage(93, LogLevel.Information, "The key {Path}, which signs forms, moved into the database.")]
        public static partial void Moved(ILogger logger, string path);

        [LoggerMessage(94, LogLevel.Warning, "The key {Path} is unreadable ({Reason}). It is ignored and kept as {Aside}; pages that were open before must be reloaded.")]
        public static partial void SetAside(ILogger logger, string path, string aside, string reason);

        [LoggerMessage(95, LogLevel.Warning, "The keys in {Folder} cannot move into the database; the next startup tries again: {Reason}")]
        public static partial void NotMoved(ILogger logger, string folder, string reason);
    }
}
