using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Filters;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SensorDash.Data.Access;
using SensorDash.Data.Storage;
using SensorDash.Web.Pages.Display;
using SensorDash.Web.Security;
using SensorDash.Web.Transfers;

namespace SensorDash.Web.Pages.Move;

/// <summary>Moves data: imports files of a folder into this server's stores, and changes to a second store.</summary>
[Need(Need.Admin)]
internal sealed class MoveModel(
    MovePlanner planner, MoveHistory history, TransferJobs jobs, ImportFolder folder, ServerStores stores, DualWrite dualWrite, TransferControl control, TransferMoves moves,
    AuditTrail audit, TimeProvider clock) : PageModel
{
    public ViewSettings View { get; private set; } = null!; // The rest is set before the page renders.
    public long Now { get; private set; }

    /// <summary>The error of an unavailable store; null without one.</summary>
    public string? Error { get; private set; }

    /// <summary>The transfer that runs, or the last one.</summary>
    public TransferJob? Job { get; private set; }

    /// <summary>How far it is.</summary>
    public TransferJobStatus? JobStatus { get; private set; }

    /// <summary>Whether a transfer runs or is paused.</summary>
    public bool IsBusy => JobStatus is { IsOpen: true };

    public DualWriteStatus Second => dualWrite.Status;

    /// <summary>The role of the store; null while it is unavailable.</summary>
    public StoreState? Role { get; private set; }

    /// <summary>The last cut-over of this process.</summary>
    public MoveOutcome? LastMove => moves.Last;

    /// <summary>The settings that go with it.</summary>
    public IReadOnlyList<KeyValuePair<string, string?>> MovedSettings => moves.Settings;

    /// <summary>What was chosen; null before.</summary>
    public MoveSelection? Selection { get; private set; }

    /// <summary>The plan of what was chosen; null before, or with an error.</summary>
    public ImportPlan? Plan { get; private set; }

    /// <summary>Why what was chosen cannot run; null if it can.</summary>
    public string? PlanError { get; private set; }

    public ImportList Files { get; private set; } = new([], false, null);

    public string? ImportFolder => folder.Path;

    public IReadOnlyList<PastTransfer> Past { get; private set; } = [];

    /// <summary>Names of the stores that take imports.</summary>
    public IReadOnlyList<string> Targets => [.. stores.Targets.Select(stores.NameOf)];

    public string OwnName => stores.NameOf(stores.Own.Readings);

    /// <summary>The name of the second store; null without one.</summary>
    public string? SecondName => Second is { State: not DualWriteState.Off, Secondary: { } text } ? stores.NameOf(Commands.Transfer.TransferAddress.Parse(text)) : null;

    /// <summary>Whether the next move goes back.</summary>
    public bool IsBack => Role?.PromotedAt is not null;

    /// <summary>Why the next move would be refused; null if it may begin.</summary>
    public string? Refusal => Role is { } role ? control.FindRefusal(role, IsBack) : Error;

    /// <summary>What a typed name must be; null if it was right.</summary>
    public (string Handler, string Text)? TypedError { get; private set; }

    public double LagSeconds => Second.LagSeconds(clock);

    [NonHandler] // Else a request with the method PAGE would call it.
    public override void OnPageHandlerExecuting(PageHandlerExecutingContext context)
    {
        View = ViewSettings.Of(HttpContext);
        Now = clock.GetUtcNow().ToUnixTimeSeconds();
    }

    public async Task OnGetAsync(CancellationToken cancellationToken)
    {
        await LoadAsync(cancellationToken);
        if (Selection is null || IsBusy) return;
        (Plan, PlanError) = await planner.TryPlanAsync(Selection, View, Now, cancellationToken);
    }

    /// <summary>The table of past transfers as a file.</summary>
    public async Task<IActionResult> OnGetTableAsync(string? table, string? format, CancellationToken cancellationToken)
    {
        if (table != "transfers") return NotFound();
        await LoadAsync(cancellationToken);
        return Error is null ? TableFiles.Send(MoveHistory.TableOf(Past), format, "sensordash_transfers.csv") : StatusCode(StatusCodes.Status503ServiceUnavailable);
    }

    /// <summary>The report of a transfer.</summary>
    public IActionResult OnGetReport(string? of, long id)
        => history.FindReport(of, id) is { } path ? PhysicalFile(path, "application/json", Path.GetFileName(path)) : NotFound();

    [Need(Need.Admin)]
    public async Task<IActionResult> OnPostStartAsync(CancellationToken cancellationToken)
    {
        await LoadAsync(cancellationToken);
        if (Selection is not { } selection) return Refuse("choose a source and a target first");
        (Plan, PlanError) = await planner.TryPlanAsync(selection, View, Now, cancellationToken);
        if (Plan is null) return Invalid();
        return jobs.TryStart(Plan.Job) is { } refusal ? Refuse(refusal) : await DoneAsync(AuditAction.TransferStart, Plan.Job.Text);
    }

    [Need(Need.Admin)]
    public async Task<IActionResult> OnPostPauseAsync()
    {
        var text = jobs.Current?.Text;
        await jobs.StopAsync(isPause: true);
        return await DoneAsync(AuditAction.TransferPause, text);
    }

    [Need(Need.Admin)]
    public async Task<IActionResult> OnPostResumeAsync() => jobs.TryResume() is { } refusal ? Refuse(refusal) : await DoneAsync(AuditAction.TransferResume, jobs.Current?.Text);

    [Need(Need.Admin)]
    public async Task<IActionResult> OnPostCancelAsync()
    {
        var text = jobs.Current?.Text;
        await jobs.StopAsync(isPause: false);
        return await DoneAsync(AuditAction.TransferCancel, text);
    }

    [Need(Need.Admin)]
    public async Task<IActionResult> OnPostGiveUpAsync(string? of, long id, CancellationToken cancellationToken)
    {
        if (jobs.Current is { Status.IsOpen: true }) return Refuse("a transfer runs; wait for its end");
        if (!await history.AbandonAsync(of, id, cancellationToken)) return NotFound();
        TempData["Notice"] = "Gave up the import. What is copied stays; another import may begin.";
        return await DoneAsync(AuditAction.TransferAbandon, FormattableString.Invariant($"transfer {id} → {of}"));
    }

    [Need(Need.Admin)]
    public async Task<IActionResult> OnPostCompareAsync()
    {
        if (planner.CompareJob() is not { } job) return Refuse("there is no second store to compare with");
        return jobs.TryStart(job) is { } refusal ? Refuse(refusal) : await DoneAsync(AuditAction.TransferStart, job.Text);
    }

    [Need(Need.Admin)]
    public async Task<IActionResult> OnPostPauseSecondAsync()
    {
        await dualWrite.PauseAsync();
        return await DoneAsync(AuditAction.DualWritePause, Second.Secondary);
    }

    [Need(Need.Admin)]
    public async Task<IActionResult> OnPostResumeSecondAsync()
    {
        if (jobs.Current is { Status.IsOpen: true, Kind: TransferJobKind.Compare }) return Refuse("both stores are being compared; dual-write goes on after it");
        dualWrite.Resume();
        return await DoneAsync(AuditAction.DualWriteResume, Second.Secondary);
    }

    [Need(Need.Admin)]
    public async Task<IActionResult> OnPostMoveAsync(string? typedName, CancellationToken cancellationToken)
    {
        await LoadAsync(cancellationToken);
        if (Role is null) return Invalid();
        if (typedName?.Trim() != SecondName) return Mistyped("Move", $"must be exactly “{SecondName}”; nothing has moved");
        if (IsBusy) return Refuse("a transfer runs; wait for its end");
        return await control.TryMoveAsync(IsBack, Response, cancellationToken) is { } refusal ? Refuse(refusal) : await DoneAsync(IsBack ? AuditAction.StoreRollBack : AuditAction.StoreCutOver, SecondName, "begun");
    }

    [Need(Need.Admin)]
    public async Task<IActionResult> OnPostFinishAsync(string? typedName, CancellationToken cancellationToken)
    {
        await LoadAsync(cancellationToken);
        var name = SecondName;
        if (typedName?.Trim() != name) return Mistyped("Finish", $"must be exactly “{name}”; nothing was changed");
        if (IsBusy) return Refuse("a transfer runs; wait for its end");
        if (await control.FinishAsync(cancellationToken) is { } refusal) return Refuse(refusal);
        TempData["Notice"] = $"Dual-write has ended. {name} is retired; remove Transfer:Secondary from the settings.";
        return await DoneAsync(AuditAction.StoreFinish, name);
    }

    private async Task<LocalRedirectResult> DoneAsync(string action, string? target, string? detail = null)
    {
        await audit.WriteAsync(HttpContext, action, target, AuditOutcome.Done, detail, HttpContext.RequestAborted);
        return Done();
    }

    private LocalRedirectResult Done() => LocalRedirect(View.CurrentUrl.With([.. MoveSelection.Fields.Append("of").Append("id").Select(f => (f, (string?)null))]).ToString());

    private LocalRedirectResult Refuse(string refusal)
    {
        TempData["Notice"] = $"Refused: {refusal}.";
        return Done();
    }

    private PageResult Mistyped(string handler, string text)
    {
        TypedError = (handler, text);
        return Invalid();
    }

    private PageResult Invalid()
    {
        Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        return Page();
    }

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        // Before the ledger, which then is as new: a page that says that it is complete also lists it so.
        (Job, JobStatus) = (jobs.Current, jobs.Current?.Status);
        Selection = MoveSelection.Read(Request.Query);
        if (!IsBusy) Files = folder.List();
        try
        {
            Role = await control.ReadStateAsync(cancellationToken);
            Past = await history.ReadAsync(cancellationToken);
        }
        catch (StoreUnavailableException)
        {
            Error = "The database is unavailable. The log says why.";
        }
    }
}
