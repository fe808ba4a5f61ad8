using Microsoft.Extensions.Options;

namespace SensorDash.Web.Operations.Metrics;

/// <summary>Where metrics go besides <c>/metrics</c>, bound from <see cref="SectionName"/>.</summary>
public sealed class MetricsOptions
{
    public const string SectionName = "Metrics";

    /// <summary>A collector of OpenTelemetry, such as <c>http://127.0.0.1:4318/v1/metrics</c>, which gets the metrics by OTLP over HTTP every minute. Default empty: none.</summary>
    public string OtlpEndpoint { get; set; } = "";
}

internal sealed class MetricsOptionsValidator : IValidateOptions<MetricsOptions>
{
    public ValidateOptionsResult Validate(string? name, MetricsOptions options)
        => options.OtlpEndpoint.Length == 0 || (Uri.TryCreate(options.OtlpEndpoint, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" && address.UserInfo.Length == 0)
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail($"{MetricsOptions.SectionName}:{nameof(options.OtlpEndpoint)} must be an address such as http://127.0.0.1:4318/v1/metrics, not '{options.OtlpEndpoint}'.");
}
