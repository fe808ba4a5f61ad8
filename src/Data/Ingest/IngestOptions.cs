using Microsoft.Extensions.Options;

namespace SensorDash.Data.Ingest;

/// <summary>The failures that an acknowledged reading survives.</summary>
public enum DurabilityProfile
{
    /// <summary>Failure of process, operating system and power: every commit reaches the disk before the response.</summary>
    Full,

    /// <summary>A killed process; a power failure may lose the last moments.</summary>
    Normal,

    /// <summary>As <see cref="Normal"/>, but with one commit of readings per <see cref="IngestOptions.SdSaverInterval"/> to spare the card. Senders get 202 before it, unless they ask for <c>ack=durable</c>.</summary>
    SdSaver,
}

/// <summary>The write path from a request to the store, bound from <see cref="SectionName"/>.</summary>
public sealed class IngestOptions
{
    public const string SectionName = "Ingest";

    /// <summary>Buffered rows that trigger a commit, 1 to 10,000. Also <c>DB_BATCH_SIZE</c>. Default 100.</summary>
    public int BatchSize { get; set; } = 100;

    /// <summary>Maximum wait of rows sent with <c>?ack=buffered</c>, 10 ms to 10 min. Also <c>DB_FLUSH_INTERVAL</c> (seconds). Default 5 s.</summary>
    public TimeSpan FlushInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Time between two commits of readings in the SdSaver profile, in which <see cref="BatchSize"/> and <see cref="FlushInterval"/> do not apply to them, 1 s to 10 min.
    /// 5,000 readings are committed at once. Default 60 s.</summary>
    public TimeSpan SdSaverInterval { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Capacity of the write buffer in rows, beyond which senders get 429, 5,000 to 10,000,000. 48 bytes each; an event counts as a row per
    /// 256 bytes, in a separate buffer. Default 100,000.</summary>
    public int BufferCapacity { get; set; } = 100_000;

    /// <summary>Maximum wait of a sender for the commit before it gets 503, 1 s to 10 min. Default 30 s.</summary>
    public TimeSpan AckTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether readings wait for the commit of their interval, and their senders do not.</summary>
    public bool GathersReadings => Durability == DurabilityProfile.SdSaver;

    /// <summary><see cref="AckTimeout"/>, and the interval in which nothing is committed.</summary>
    public TimeSpan ReadingAckTimeout => GathersReadings ? AckTimeout + SdSaverInterval : AckTimeout;

    /// <summary>What an acknowledged reading survives: Full, Normal or SdSaver. Default Full.</summary>
    public DurabilityProfile Durability { get; set; } = DurabilityProfile.Full;

    /// <summary>Maximum request body after decompression in MiB, 1 to 4096. Default 256.</summary>
    public int MaxBodyMiB { get; set; } = 256;

    /// <summary>Maximum number of nodes, 1 to 1,000,000. Readings of a new node beyond it are rejected; nodes that exist go on. Default 10,000.</summary>
    public int MaxNodes { get; set; } = 10_000;
}

/// <summary>Every error at once, with the setting's full name.</summary>
public sealed class IngestOptionsValidator : IValidateOptions<IngestOptions>
{
    public ValidateOptionsResult Validate(string? name, IngestOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        if (options.BatchSize is < 1 or > 10_000)
            result.AddError($"Ingest:BatchSize must be 1 to 10000, not {options.BatchSize}.");
        if (options.FlushInterval < TimeSpan.FromMilliseconds(10) || options.FlushInterval > TimeSpan.FromMinutes(10))
            result.AddError($"Ingest:FlushInterval must be 00:00:00.010 to 00:10:00, not {options.FlushInterval}.");
        if (options.SdSaverInterval < TimeSpan.FromSeconds(1) || options.SdSaverInterval > TimeSpan.FromMinutes(10))
            result.AddError($"Ingest:SdSaverInterval must be 00:00:01 to 00:10:00, not {options.SdSaverInterval}.");
        if (options.BufferCapacity is < Submission.MaxRows or > 10_000_000)
            result.AddError($"Ingest:BufferCapacity must be {Submission.MaxRows} to 10000000, not {options.BufferCapacity}.");
        if (options.AckTimeout < TimeSpan.FromSeconds(1) || options.AckTimeout > TimeSpan.FromMinutes(10))
            result.AddError($"Ingest:AckTimeout must be 00:00:01 to 00:10:00, not {options.AckTimeout}.");
        if (!Enum.IsDefined(options.Durability))
            result.AddError($"Ingest:Durability must be Full, Normal or SdSaver, not {options.Durability}.");
        if (options.MaxBodyMiB is < 1 or > 4096)
            result.AddError($"Ingest:MaxBodyMiB must be 1 to 4096, not {options.MaxBodyMiB}.");
        if (options.MaxNodes is < 1 or > 1_000_000)
            result.AddError($"Ingest:MaxNodes must be 1 to 1000000, not {options.MaxNodes}.");
        return result.Build();
    }
}
