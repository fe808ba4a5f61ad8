using SensorDash.Web.Security;

namespace SensorDash.Web.Pages.Display;

/// <summary>A page of the main navigation.</summary>
/// <param name="Icon">See <see cref="Display.Icon"/>.</param>
internal sealed record Section(string Title, string Path, string Icon)
{
    /// <summary>In the order of the rail; the keys <c>g</c> and a letter name them by this order.</summary>
    public static IReadOnlyList<Section> All { get; } = [
        new("Overview", "/", "overview"), new("Analytics", "/analytics", "analytics"), new("Events", "/events", "events"),
        new("Zones", "/zones", "zones"), new("Export", "/export", "export"), new("System", "/system", "system")];

    /// <summary>Its parts, as links below it while one of its pages is open.</summary>
    public IReadOnlyList<SectionPart> Parts => Path == "/system"
        ? [
            new("Health", "/system", "figures-title"), new("Storage", "/system", "storage-title"), new("Ingest", "/system", "ingest-title"), new("Rejected rows", "/system", "rejected-title"), new("Stores", "/system", "stores-title"), new("Retention", "/system", "retention-title"), new("Scrub", "/system", "scrub-title"), new("Move data", "/system/move", null) { Need = Need.Admin }, new("Backups", "/system/backups", null) { Need = Need.Admin }, new("Analytics", "/system", "analytics-title"),
            new("Process", "/system", "process-title"),
            new("Audit log", "/system/audit", null) { Need = Need.Admin }, new("Users", "/system/users", null) { Need = Need.Admin }, new("API keys", "/system/keys", null) { Need = Need.Admin }]
        : [];

    /// <summary>Whether a path is this page or one of its parts.</summary>
    public bool Contains(string path) => Path == "/"
        ? path == "/" || path.StartsWith("/nodes/", StringComparison.Ordinal)
        : path == Path || path.StartsWith(Path + "/", StringComparison.Ordinal);
}

/// <summary>A part of a page, or a page below it.</summary>
/// <param name="Id">The id of its heading; null: the page itself.</param>
internal sealed record SectionPart(string Title, string Path, string? Id)
{
    /// <summary>Who sees it.</summary>
    public Need Need { get; init; } = Need.Viewer;
}
