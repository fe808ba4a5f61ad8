namespace SensorDash.Web.Pages.Display;

/// <summary>What the bar of a page shows: its title and the controls of what is seen.</summary>
/// <param name="Title">The page's only first heading.</param>
internal sealed record BarModel(string Title)
{
    /// <summary>The range; null for a page without one.</summary>
    public ViewRange? Range { get; init; }

    /// <summary>Whether the page shows temperatures.</summary>
    public bool HasUnit { get; init; } = true;

    /// <summary>Whether the page refreshes itself.</summary>
    public bool HasRefresh { get; init; } = true;

    /// <summary>The place of this page, in front of its title, and its address.</summary>
    public (string Text, PageUrl Url)? Parent { get; init; }

    /// <summary>The neighbors in the order of the rail; null without one.</summary>
    public (PageUrl? Previous, PageUrl? Next) Neighbors { get; init; }
}
