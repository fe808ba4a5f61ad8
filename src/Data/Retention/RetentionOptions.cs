using Microsoft.Extensions.Options;

namespace SensorDash.Data.Retention;

/// <summary>Retention of readings, bound from <see cref="SectionName"/>.</summary>
public sealed class RetentionOptions
{
    public const string SectionName = "Retention";

    /// <summary>Days to keep a reading after its measured time, 1 to 36,500; 0 means forever. Default 0.</summary>
    public int ReadingDays { get; set; }
}

/// <summary>Every error at once, with the setting's full name.</summary>
public sealed class RetentionOptionsValidator : IValidateOptions<RetentionOptions>
{
    public ValidateOptionsResult Validate(string? name, RetentionOptions options)
        => options.ReadingDays is < 0 or > 36_500
            ? ValidateOptionsResult.Fail($"Retention:ReadingDays must be 0 to 36500, not {options.ReadingDays}.") : ValidateOptionsResult.Success;
}
