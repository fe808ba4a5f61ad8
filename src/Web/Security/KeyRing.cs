using System.Xml;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.EntityFrameworkCore;
using SensorDash.Data.Access;
using SensorDash.Data.Storage;

namespace SensorDash.Web.Security;

/// <summary>The keys that sign forms and cookies, in the database, so that all web processes of one database accept each other's.</summary>
/// <remarks>
/// The framework reads them at startup and then once a day, and keeps them in memory: forms go on while the database is unavailable. If the first read fails,
/// only what needs a key fails, and each such request tries again. Its interface is synchronous.
/// </remarks>
internal sealed partial class KeyRing(IDbContextFactory<SensorDashContext> contexts, IWriterLock writerLock, ILogger<KeyRing> logger) : IXmlRepository
{
    /// <inheritdoc/>
    public IReadOnlyCollection<XElement> GetAllElements()
    {
        using var context = contexts.CreateDbContext();
        return [.. context.Set<ProtectionKey>().AsNoTracking().OrderBy(k => k.Name).ToList().Select(Read).OfType<XElement>()];
    }

    /// <inheritdoc/>
    public void StoreElement(XElement element, string friendlyName) => Add(friendlyName, element.ToString(SaveOptions.DisableFormatting));

    /// <summary>Adds a key, unless the database has it.</summary>
    public void Add(string name, string xml)
    {
        using var held = writerLock.AcquireAsync(CancellationToken.None).GetAwaiter().GetResult(); // Held for milliseconds.
        using var context = contexts.CreateDbContext();
        context.Database.ExecuteSql($"INSERT INTO protection_keys (name, xml) VALUES ({name}, {xml}) ON CONFLICT (name) DO NOTHING");
    }

    /// <summary>The root element of a key or of a revocation.</summary>
    /// <exception cref="XmlException">It is neither.</exception>
    public static XElement Parse(string xml)
    {
        var element = XElement.Parse(xml);
        return element.Name.LocalName is "key" or "revocation" ? element : throw new XmlException($"Its root element is {element.Name}.");
    }

    // Without the row a new key is made. Only forms and sign-ins from before are lost.
    private XElement? Read(ProtectionKey key)
    {
        try
        {
            return Parse(key.Xml);
        }
        catch (XmlException e)
        {
            Log.KeyUnreadable(logger, key.Name, e.Message);
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(42, LogLevel.Warning, "The key {Name} in protection_keys is unreadable ({Reason}). It is ignored; pages that were open before must be reloaded.")]
        public static partial void KeyUnreadable(ILogger logger, string name, string reason);
    }
}
