namespace SensorDash.Web.Pages.Display;

/// <summary>Links to the neighbours of one page of a list.</summary>
/// <param name="Number">This page, from 1.</param>
/// <param name="Count">Pages there are.</param>
/// <param name="What">What the list has in all, in words.</param>
internal sealed record Pager(PageUrl Here, int Number, int Count, string What)
{
    public PageUrl At(int number) => Here.With(("page", number == 1 ? null : number.ToString(System.Globalization.CultureInfo.InvariantCulture)));
}
