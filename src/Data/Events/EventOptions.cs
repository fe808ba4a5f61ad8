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
}

/// <summary>Every error at once, with the setting's full name.</summary>
public sealed class EventOptionsValidator : IValidateOptions<EventOptions>
{
    public ValidateOptionsResult Validate(string? name, EventOptions options)
        => options.ReadTimeout < TimeSpan.FromMilliseconds(10) || options.ReadTimeout > TimeSpan.FromHours(1)
            ? ValidateOptionsResult.Fail($"Events:ReadTimeout must be 00:00:00.010 to 01:00:00, not {options.ReadTimeout}.") : ValidateOptionsResult.Success;
}
