using Microsoft.Extensions.Options;

namespace SensorDash.Data.Events;

/// <summary>How events are ingested and read, bound from <see cref="SectionName"/>.</summary>
public sealed class EventOptions
{
    public const string SectionName = "Events";

    /// <summary>Accept event ids of producers without comparing them with the content. Default off: an event with a different id is rejected.</summary>
    public bool TrustProducerIds { get; set; }

    /// <summary>Maximum time of one query, except exports; 10 ms to 1 h. Default 30 s.</summary>
    public TimeSpan ReadTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Scope of commands over the socket that name none: 1 to 64 letters, digits, dots, underscores or hyphens. Also <c>NOVA_SCOPE_ID</c>. Default core.</summary>
    public string ScopeId { get; set; } = "core";

    /// <summary>Maximum number of live streams and replays at the same time, 1 to 100000. Default 500.</summary>
    public int MaxStreams { get; set; } = 500;

    /// <summary>Memory for the latest events, which live streams share, 1 to 1024 MiB. Used only while there are streams. Default 16 MiB.</summary>
    public int StreamBufferMiB { get; set; } = 16;
}

/// <summary>Every error at once, with the setting's full name.</summary>
public sealed class EventOptionsValidator : IValidateOptions<EventOptions>
{
    public ValidateOptionsResult Validate(string? name, EventOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        if (options.ReadTimeout < TimeSpan.FromMilliseconds(10) || options.ReadTimeout > TimeSpan.FromHours(1))
            result.AddError($"Events:ReadTimeout must be 00:00:00.010 to 01:00:00, not {options.ReadTimeout}.");
        if (options.ScopeId.Length is < 1 or > 64 || !options.ScopeId.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-'))
            result.AddError($"Events:ScopeId must be 1 to 64 letters, digits, dots, underscores or hyphens, not '{options.ScopeId}'.");
        if (options.MaxStreams is < 1 or > 100_000) result.AddError($"Events:MaxStreams must be 1 to 100000, not {options.MaxStreams}.");
        if (options.StreamBufferMiB is < 1 or > 1024) result.AddError($"Events:StreamBufferMiB must be 1 to 1024, not {options.StreamBufferMiB}.");
        return result.Build();
    }
}
