using System.Globalization;
using Microsoft.Extensions.Options;

namespace SensorDash.Data.Backup;

/// <summary>Backups, bound from <see cref="SectionName"/>.</summary>
public sealed class BackupOptions
{
    public const string SectionName = "Backup";

    /// <summary>The value of <see cref="At"/> for no daily backup.</summary>
    public const string Off = "off";

    /// <summary>The folder of the backups; a relative path is relative to the content root. Empty: backups, beside the SQLite file. SensorDash creates it.</summary>
    public string Folder { get; set; } = "";

    /// <summary>When a backup is made each day, as HH:mm in UTC; off: only when somebody asks for one. Default off.</summary>
    public string At { get; set; } = Off;

    /// <summary>Number of good backups that stay, 1 to 1000; older ones are deleted after the next backup. Default 7.</summary>
    public int Keep { get; set; } = 7;

    /// <summary>The folder with pg_dump and pg_restore. Empty: they are found by the PATH. Default empty.</summary>
    public string PostgresTools { get; set; } = "";

    /// <summary>The time of <see cref="At"/>; null when it is off.</summary>
    public TimeOnly? FindTime() => TryParse(At, out var time) ? time : null;

    internal static bool TryParse(string text, out TimeOnly time) => TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out time);
}

/// <summary>Every error at once, with the setting's full name.</summary>
public sealed class BackupOptionsValidator : IValidateOptions<BackupOptions>
{
    public ValidateOptionsResult Validate(string? name, BackupOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        if (!options.At.Equals(BackupOptions.Off, StringComparison.OrdinalIgnoreCase) && !BackupOptions.TryParse(options.At, out _))
            result.AddError($"Backup:At must be a time such as 02:30 (UTC), or off, not '{options.At}'.");
        if (options.Keep is < 1 or > 1000)
            result.AddError(string.Create(CultureInfo.InvariantCulture, $"Backup:Keep must be 1 to 1000, not {options.Keep}."));
        return result.Build();
    }
}
