using System.Globalization;
using Microsoft.Extensions.Options;

namespace SensorDash.Data.Scrub;

/// <summary>The scrub in the background, bound from <see cref="SectionName"/>.</summary>
public sealed class ScrubOptions
{
    public const string SectionName = "Scrub";

    internal const int MaxRowsPerSecond = 1_000_000;

    private static readonly TimeSpan _minInterval = TimeSpan.FromMinutes(1), _maxInterval = TimeSpan.FromDays(366);

    /// <summary>Whether the server reads its stores again and again in the background, and says what has rotted. Default true.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Time from the start of a pass over all rows to the start of the next, 1 minute to 366 days. Default 7 days.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Rows read per second, 1 to 1000000. Default 2000: less than a twentieth of a core of a small computer, and some 200 KB/s of its memory card.</summary>
    public int RowsPerSecond { get; set; } = 2_000;

    internal bool IsValidInterval => Interval >= _minInterval && Interval <= _maxInterval;
}

/// <summary>Every error at once, with the setting's full name.</summary>
public sealed class ScrubOptionsValidator : IValidateOptions<ScrubOptions>
{
    public ValidateOptionsResult Validate(string? name, ScrubOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        if (!options.IsValidInterval) result.AddError($"Scrub:Interval must be 00:01:00 to 366.00:00:00, not {options.Interval}.");
        if (options.RowsPerSecond is < 1 or > ScrubOptions.MaxRowsPerSecond)
            result.AddError(string.Create(CultureInfo.InvariantCulture, $"Scrub:RowsPerSecond must be 1 to {ScrubOptions.MaxRowsPerSecond}, not {options.RowsPerSecond}."));
        return result.Build();
    }
}
