using Microsoft.Extensions.Options;

namespace SensorDash.Data.Events;

/// <summary>How events are taken and read, bound from <see cref="SectionName"/>.</summary>
public sealed class EventOptions
{
    public const string SectionName = "Events";

    /// <summary>Keep the ids that producers give without comparing them with the content. Default off: such an event is rejected.</summary>
    public bool TrustProducerIds { get; set; }

    /// <summary>Longest that one question may take, exports excepted; 10 ms to 1 h. Default 30 s.</summary>
    public TimeSpan ReadTimeout { get; set; } = TimeSpan.FromSeconds(30);
}

/// <summary>Every error at once, with the setting's full name.</summary>
public sealed class EventOptionsValidator : IValidateOptions<EventOptions>
{
    public ValidateOptionsResult Validate(string? name, EventOptions options)
        => options.ReadTimeout < TimeSpan.FromMilliseconds(10) || options.ReadTimeout > TimeSpan.FromHours(1)
            ? ValidateOptionsResult.Fail($"Events:ReadTimeout must be 00:00:00.010 to 01:00:00, not {options.ReadTimeout}.") : ValidateOptionsResult.Success;
}
