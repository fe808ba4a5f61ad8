using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Filters;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.Extensions.Options;
using SensorDash.Data.Backup;
using SensorDash.Web.Backups;
using SensorDash.Web.Pages.Display;
using SensorDash.Web.Security;

namespace SensorDash.Web.Pages.Backups;

/// <summary>Lists, makes and verifies backups. A restore needs a server that is stopped, so it is a command.</summary>
[Need(Need.Admin)]
internal sealed class BackupsModel(Data.Backup.Backups backups, BackupJobs jobs, IOptions<BackupOptions> options, TimeProvider clock) : PageModel
{
    public ViewSettings View { get; private set; } = null!; // The rest is set before the page renders.
    public long Now { get; private set; }
    public IReadOnlyList<BackupEntry> List { get; private set; } = [];

    /// <summary>Why the folder cannot be read; null if it can.</summary>
    public string? Error { get; private set; }

    /// <summary>What runs, or ran last since the start.</summary>
    public BackupJob? Job { get; private set; }

    public bool IsBusy => Job is { State: BackupJobState.Running };

    public BackupOptions Settings => options.Value;

    /// <summary>Whether a backup is made each day.</summary>
    public bool IsDaily => Settings.FindTime() is not null;

    [NonHandler] // Else a request with the method PAGE would call it.
    public override void OnPageHandlerExecuting(PageHandlerExecutingContext context)
    {
        View = ViewSettings.Of(HttpContext);
        Now = clock.GetUtcNow().ToUnixTimeSeconds();
    }

    public void OnGet() => Load();

    /// <summary>The table of backups as a file.</summary>
    public IActionResult OnGetTable(string? table, string? format)
    {
        if (table != "backups") return NotFound();
        Load();
        if (Error is not null) return StatusCode(StatusCodes.Status503ServiceUnavailable);
        var rows = new CsvTable();
        rows.AddRow(["backup", "state", "bytes", "readings", "events", "created_at", "verified_at", "program", "error"]);
        foreach (var backup in List)
        {
            var manifest = backup.Manifest;
            rows.AddRow([backup.Name, BackupText.State(backup), manifest?.Bytes, manifest is null ? null : BackupText.Readings(manifest), manifest is null ? null : BackupText.Events(manifest),
                manifest?.CreatedAt / 1_000_000, backup.VerifiedAt / 1_000_000, manifest?.Program, backup.Error ?? manifest?.Doubt]);
        }
        return TableFiles.Send(rows, format, "sensordash_backups.csv");
    }

    [Need(Need.Admin)]
    public IActionResult OnPostCreate() => Begun(jobs.TryStart(null, BackupActor.Of(HttpContext)));

    [Need(Need.Admin)]
    public IActionResult OnPostVerify(string? id)
    {
        Load();
        return List.FirstOrDefault(b => b.Name == id) is { } backup ? Begun(jobs.TryStart(backup, BackupActor.Of(HttpContext))) : NotFound();
    }

    private LocalRedirectResult Begun(string? refusal)
    {
        if (refusal is not null) TempData["Notice"] = $"Refused: {refusal}.";
        return LocalRedirect(View.CurrentUrl.ToString());
    }

    private void Load()
    {
        Job = jobs.Current; // Before the list, which then has what a job that has ended made.
        try
        {
            List = backups.Folder.List();
        }
        catch (BackupException e)
        {
            Error = e.Message;
        }
    }
}
