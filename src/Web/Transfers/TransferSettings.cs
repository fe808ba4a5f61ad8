using Microsoft.Extensions.Options;
using SensorDash.Data.Transfer;
using SensorDash.Web.Commands.Transfer;

namespace SensorDash.Web.Transfers;

/// <summary>Dual-write, bound from <see cref="SectionName"/>.</summary>
internal sealed class TransferSettings
{
    public const string SectionName = "Transfer";

    /// <summary>A second store that gets every committed batch, such as <c>duckdb:/data/readings.duckdb</c>; empty: none, unless a cut-over has left one.</summary>
    public string Secondary { get; set; } = "";

    /// <summary>Rows per second that are compared while dual-write runs, 0 to 10,000,000; 0 compares nothing.</summary>
    public int CompareRowsPerSecond { get; set; } = 20_000;

    /// <summary>Percent of the reads of readings that are also run on the secondary and compared, 0 to 100.</summary>
    public int ShadowReadPercent { get; set; } = 1;

    /// <summary>A folder whose files the Move page imports; empty: none.</summary>
    public string ImportFolder { get; set; } = "";
}

internal sealed class TransferSettingsValidator : IValidateOptions<TransferSettings>
{
    private const int MaxRate = 10_000_000;

    public ValidateOptionsResult Validate(string? name, TransferSettings options)
    {
        var errors = new List<string>();
        if (options.CompareRowsPerSecond is < 0 or > MaxRate) errors.Add($"Transfer:CompareRowsPerSecond must be 0 to {MaxRate}, not {options.CompareRowsPerSecond}.");
        if (options.ShadowReadPercent is < 0 or > 100) errors.Add($"Transfer:ShadowReadPercent must be 0 to 100, not {options.ShadowReadPercent}.");
        if (options.ImportFolder.Length > 0 && (options.ImportFolder.Contains('\0') || File.Exists(options.ImportFolder)))
            errors.Add($"Transfer:ImportFolder must be a folder, not '{options.ImportFolder}'.");
        if (options.Secondary.Length > 0 && ErrorOf(options.Secondary) is { } error) errors.Add($"Transfer:Secondary must be sqlite:PATH, duckdb:PATH, timescale or timescale:CONNECTION: {error}");
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static string? ErrorOf(string text)
    {
        try
        {
            var address = TransferAddress.Parse(text);
            if (address.Kind == StoreKind.Csv) return "a CSV file cannot be a target.";
            if (address.Kind != StoreKind.Timescale) return null;
            if (address.Place.Contains("passwordfile", StringComparison.OrdinalIgnoreCase)) return "name the environment variable of the password with PasswordEnv=NAME, because a cut-over uses the same settings.";
            SensorDash.Data.Timescale.TimescaleTransfer.Parse(address.Place, new());
            return null;
        }
        catch (TransferException e)
        {
            return e.Message;
        }
    }
}
