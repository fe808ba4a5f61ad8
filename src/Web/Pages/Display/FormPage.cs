using Microsoft.AspNetCore.Mvc.RazorPages;

namespace SensorDash.Web.Pages.Display;

/// <summary>A page whose forms come back with their faults.</summary>
internal abstract class FormPage : PageModel
{
    /// <summary>Faults by field, each a text that follows the name of the field.</summary>
    protected Dictionary<string, string> Errors { get; } = [];

    /// <summary>The fault of a field; null if it has none.</summary>
    public string? ErrorOf(string field) => Errors.GetValueOrDefault(field);

    /// <summary>The page again, with the fields as typed and their faults.</summary>
    protected PageResult Invalid()
    {
        Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        return Page();
    }
}
