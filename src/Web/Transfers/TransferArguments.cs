using System.Globalization;
using SensorDash.Data.Transfer;
using SensorDash.Web.Commands.Transfer;

namespace SensorDash.Web.Transfers;

/// <summary>What a command, or the Move page, says.</summary>
internal sealed record TransferArguments(TransferAddress From, TransferAddress To, TransferOptions Options)
{
    public bool IsStrict { get; init; }

    /// <summary>Whether the command goes on after the copy.</summary>
    public bool Follows { get; init; }

    public string? RejectsPath { get; init; }

    public string? ReportFolder { get; init; }

    private string Prefix
    {
        get
        {
            var folder = ReportFolder ?? (To.IsFile ? Path.GetDirectoryName(To.Place)! : Environment.CurrentDirectory);
            return Path.Combine(Path.GetFullPath(folder), To.IsFile ? Path.GetFileName(To.Place) + ".transfer" : "sensordash.transfer");
        }
    }

    /// <param name="appends">Whether rejects of an earlier run stay.</param>
    public RejectLog OpenRejects(bool appends = false) => new(Path.GetFullPath(RejectsPath ?? Prefix + ".rejects.ndjson"), IsStrict, appends);

    /// <summary>Path of a report without its ending.</summary>
    public string ReportPath(long id) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}-{id}");
}
