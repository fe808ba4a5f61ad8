using System.Xml;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.Options;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Storage;
using SensorDash.Web.Operations;

namespace SensorDash.Web.Security;

/// <summary>The keys that sign the forms of the pages, one file each, in the folder <c>keys</c> beside the database.</summary>
/// <remarks>The framework's repository does not sync its files, so after a power failure a key could be empty, and then every page failed.</remarks>
internal sealed partial class KeyFiles(IOptions<SqliteOptions> sqlite, TimeProvider clock, ILogger<KeyFiles> logger) : IXmlRepository
{
    private const string FolderName = "keys";

    private string Folder => Path.Combine(Path.GetDirectoryName(sqlite.Value.Path)!, FolderName);

    /// <summary>Creates the folder, and checks that keys can be written.</summary>
    /// <exception cref="StartupException">It cannot be created or written.</exception>
    public void Prepare()
    {
        try
        {
            Directory.CreateDirectory(Folder);
            WriteProbe();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"the folder {Folder} must be writable, because it holds the keys that sign forms: {e.Message}", e);
        }
    }

    /// <summary>Why keys cannot be written, as text for users; null when they can.</summary>
    public string? FindProblem()
    {
        try
        {
            WriteProbe();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"The folder {FolderName} beside the database cannot be written, so forms and pages may fail. Check that it exists, its permissions and the disk.";
        }
    }

    /// <inheritdoc/>
    public IReadOnlyCollection<XElement> GetAllElements()
        => Directory.Exists(Folder) ? [.. Directory.GetFiles(Folder, "*.xml").Order(StringComparer.Ordinal).Select(Read).OfType<XElement>()] : [];

    /// <inheritdoc/>
    public void StoreElement(XElement element, string friendlyName)
    {
        Directory.CreateDirectory(Folder);
        DurableFile.Write(Path.Combine(Folder, friendlyName + ".xml"), element.Save);
    }

    // Without the file a new key is made. Only forms and sign-ins from before are lost.
    private XElement? Read(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            var element = XElement.Load(file);
            if (element.Name.LocalName is "key" or "revocation") return element;
            throw new XmlException($"Its root element is {element.Name}.");
        }
        catch (Exception e) when (e is XmlException or IOException or UnauthorizedAccessException)
        {
            Log.KeySetAside(logger, path, SetAside(path), e.Message);
            return null;
        }
    }

    private string SetAside(string path)
    {
        try
        {
            return FileAside.Move(path, clock);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return path; // It is ignored all the same.
        }
    }

    private void WriteProbe()
    {
        var probe = Path.Combine(Folder, $".probe-{Guid.NewGuid():N}");
        File.WriteAllText(probe, "x");
        File.Delete(probe);
    }

    private static partial class Log
    {
        [LoggerMessage(42, LogLevel.Warning, "The key {Path} is unreadable ({Reason}). It is ignored and kept as {Aside}; pages that were open before must be reloaded.")]
        public static partial void KeySetAside(ILogger logger, string path, string aside, string reason);
    }
}
