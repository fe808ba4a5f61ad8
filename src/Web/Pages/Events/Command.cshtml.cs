using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SensorDash.Data.Events;
using SensorDash.Web.Pages.Display;
using SensorDash.Web.Requests;
using SensorDash.Web.Security;

namespace SensorDash.Web.Pages.Events;

/// <summary>A command with its progress and result, which its commandId links.</summary>
[RequestTimeout(EventReadLimit.Policy)]
[Need(Need.Viewer)]
internal sealed class CommandModel(IEventStore store, TimeProvider clock) : PageModel
{
    /// <summary>Maximum steps of a page: the first ones of a command that reports more.</summary>
    public const int MaxSteps = 500;

    public ViewSettings View { get; private set; } = null!; // The rest is set before the page renders.
    public long Now { get; private set; }
    public string CommandId { get; private set; } = "";

    /// <summary>Its events in the order in which they were received.</summary>
    public IReadOnlyList<CommandEvent> Steps { get; private set; } = [];
    public bool HasMore { get; private set; }

    /// <summary>Other scopes with a command of this ID.</summary>
    public IReadOnlyList<string> OtherScopes { get; private set; } = [];

    public CommandEvent First => Steps[0];
    public CommandEvent? Asked => Steps.FirstOrDefault(s => s.MessageType == CommandEvent.Request);
    public CommandEvent? Result => Steps.LastOrDefault(s => s.MessageType == CommandEvent.Result);

    public string State => Result is not null ? "finished" : Steps.Any(s => s.MessageType == CommandEvent.Progress) ? "in progress" : "waiting for an answer";

    /// <summary>Time since the request by the producers' clocks, Unix microseconds.</summary>
    public long Since(CommandEvent step) => step.SourceTime - (Asked ?? First).SourceTime;

    public async Task<IActionResult> OnGetAsync(string id, string? scope, CancellationToken cancellationToken)
    {
        View = ViewSettings.Of(HttpContext);
        Now = clock.GetUtcNow().ToUnixTimeSeconds();
        CommandId = id;
        var filter = new EventFilter { Lanes = [Lane.Command], Fields = [KeyValuePair.Create(EventField.CommandId, id)] };
        var page = await store.ReadAsync(new(filter, Timebase.Canonical, EventDirection.Forward, Limit: MaxSteps), cancellationToken);
        HasMore = page.Next is not null;
        var steps = page.Events.Cast<CommandEvent>().ToLookup(e => e.ScopeId);
        if (steps.Count == 0) return NotFound();
        var chosen = scope is null ? page.Events[^1].ScopeId : scope;
        if (!steps.Contains(chosen)) return NotFound();
        Steps = [.. steps[chosen]];
        OtherScopes = [.. steps.Select(s => s.Key).Where(s => s != chosen)];
        return Page();
    }
}
