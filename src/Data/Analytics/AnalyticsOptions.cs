using Microsoft.Extensions.Options;

namespace SensorDash.Data.Analytics;

/// <summary>The analytics side path, bound from <see cref="SectionName"/>.</summary>
public sealed class AnalyticsOptions
{
    public const string SectionName = "Analytics";

    /// <summary>Keep a DuckDB copy of the readings beside the store. When off, queries use the store, slower over many nodes. Default on.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>The DuckDB file; a relative path is relative to the content root. Deleting it costs only the rebuild.
    /// Also <c>DUCKDB_PATH</c> when <c>DB_BACKEND</c> is not set. Default empty: beside the database, with the extension .duckdb.</summary>
    public string Path { get; set; } = "";

    /// <summary>Maximum memory of DuckDB in MiB, 32 to 1,048,576. Default 256; 32 on a Raspberry Pi Zero.</summary>
    public int MemoryLimitMiB { get; set; } = 256;

    /// <summary>Maximum threads of DuckDB, 1 to 1024; 0 means one per core. Default 0.</summary>
    public int Threads { get; set; }

    /// <summary>Maximum queries that DuckDB runs at once, 1 to 64. Default 2: a long query does not block the short ones.</summary>
    public int MaxQueries { get; set; } = 2;

    /// <summary>Maximum queries that wait for DuckDB, 0 to 10,000; others get 429. Default 100.</summary>
    public int MaxWaitingQueries { get; set; } = 100;
}

/// <summary>Every error at once, with the setting's full name.</summary>
public sealed class AnalyticsOptionsValidator : IValidateOptions<AnalyticsOptions>
{
    public ValidateOptionsResult Validate(string? name, AnalyticsOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        if (options.MemoryLimitMiB is < 32 or > 1_048_576)
            result.AddError($"Analytics:MemoryLimitMiB must be 32 to 1048576, not {options.MemoryLimitMiB}.");
        if (options.Threads is < 0 or > 1024)
            result.AddError($"Analytics:Threads must be 0 to 1024, not {options.Threads}.");
        if (options.MaxQueries is < 1 or > 64)
            result.AddError($"Analytics:MaxQueries must be 1 to 64, not {options.MaxQueries}.");
        if (options.MaxWaitingQueries is < 0 or > 10_000)
            result.AddError($"Analytics:MaxWaitingQueries must be 0 to 10000, not {options.MaxWaitingQueries}.");
        return result.Build();
    }
}
