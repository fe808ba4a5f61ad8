namespace SensorDash.Web.Pages.Display;

/// <summary>A page of the main navigation.</summary>
/// <param name="Icon">See <see cref="Display.Icon"/>.</param>
internal sealed record Section(string Title, string Path, string Icon)
{
    /// <summary>In the order of the rail; the keys <c>g</c> and a letter name them by this order.</summary>
    public static IReadOnlyList<Section> All { get; } = [
        new("Overview", "/", "overview"), new("Analytics", "/analytics", "analytics"), new("Events", "/events", "events"),
        new("Zones", "/zones", "zones"), new("Export", "/export", "export"), new("System", "/system", "system")];

    /// <summary>Its parts, as links below it while it is open: their text and the id of their heading.</summary>
    public IReadOnlyList<(string Title, string Id)> Parts => Path == "/system"
        ? [("Health", "ingest-title"), ("Stores", "stores-title"), ("Analytics", "analytics-title"), ("Retention", "retention-title"), ("Process", "process-title")] : [];

    /// <summary>Whether a path is this page or one of its parts.</summary>
    public bool Contains(string path) => Path == "/"
        ? path == "/" || path.StartsWith("/nodes/", StringComparison.Ordinal)
        : path == Path || path.StartsWith(Path + "/", StringComparison.Ordinal);
}
