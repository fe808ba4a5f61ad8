namespace SensorDash.Web.Pages.Display;

/// <summary>Links to the previous and next page of a list.</summary>
/// <param name="Number">This page, from 1.</param>
/// <param name="Count">Number of pages.</param>
/// <param name="Total">Size of the whole list, as text.</param>
internal sealed record Pager(PageUrl Here, int Number, int Count, string Total)
{
    /// <summary>The page number of a request; 1 if it has none.</summary>
    public static int NumberOf(HttpRequest request)
        => int.TryParse(request.Query["page"], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : 1;

    public PageUrl At(int number) => Here.With(("page", number == 1 ? null : number.ToString(System.Globalization.CultureInfo.InvariantCulture)));
}
