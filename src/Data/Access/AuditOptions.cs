using Microsoft.Extensions.Options;

namespace SensorDash.Data.Access;

/// <summary>The audit log, bound from <see cref="SectionName"/>.</summary>
public sealed class AuditOptions
{
    public const string SectionName = "Audit";

    /// <summary>Number of entries that are kept, 1,000 to 1,000,000; beyond it the oldest ones are removed. Default 100,000.</summary>
    public int MaxEntries { get; set; } = 100_000;
}

public sealed class AuditOptionsValidator : IValidateOptions<AuditOptions>
{
    public ValidateOptionsResult Validate(string? name, AuditOptions options)
        => options.MaxEntries is < 1000 or > 1_000_000
            ? ValidateOptionsResult.Fail($"Audit:MaxEntries must be 1000 to 1000000, not {options.MaxEntries}.") : ValidateOptionsResult.Success;
}
