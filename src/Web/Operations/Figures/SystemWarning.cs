using SensorDash.Web.Security;

namespace SensorDash.Web.Operations.Figures;

/// <summary>Where a warning can be dealt with.</summary>
/// <param name="Text">The label of the link.</param>
/// <param name="Path">The page, with the part of it.</param>
/// <param name="Need">Who may open it.</param>
internal sealed record WarningAction(string Text, string Path, Need Need = Need.Viewer);

/// <summary>A state of the hub that somebody should do something about.</summary>
/// <param name="Kind">Its name for programs, such as <c>disk_full</c>.</param>
/// <param name="IsBad">Whether data is lost or rejected, or soon will be.</param>
/// <param name="Text">What it is, in a few words.</param>
/// <param name="Advice">More about it, and what to do.</param>
/// <param name="Action">Where; null without a place.</param>
internal sealed record SystemWarning(string Kind, bool IsBad, string Text, string Advice, WarningAction? Action);
