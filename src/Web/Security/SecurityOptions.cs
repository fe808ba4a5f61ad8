using System.Globalization;
using System.Net;
using Microsoft.Extensions.Options;

namespace SensorDash.Web.Security;

/// <summary>Access to the server, bound from <see cref="SectionName"/>.</summary>
public sealed class SecurityOptions
{
    public const string SectionName = "Security";

    /// <summary>Proxies in front of the server, as addresses or networks separated by semicolons, such as <c>127.0.0.1;10.0.0.0/8</c>. Only they may say by X-Forwarded-For and
    /// X-Forwarded-Proto for whom they ask; with one, everybody signs in. Default empty: none.</summary>
    public string Proxies { get; set; } = "";

    /// <summary>Networks whose machines may send readings without a key, separated by semicolons, such as <c>192.168.7.0/24</c>: for nodes that cannot send a header. Default empty: none.</summary>
    public string OpenIngestFrom { get; set; } = "";

    /// <summary>Requests per second of a key or a person, on average; four times as many at once. 1 to 1,000,000. Default 1,000.</summary>
    public int RequestsPerSecond { get; set; } = 1_000;

    /// <summary>Requests per minute of an address that proves nothing. 1 to 1,000,000. Default 300.</summary>
    public int UnknownRequestsPerMinute { get; set; } = 300;

    /// <summary>Sign-ins per minute of an address. 1 to 10,000. Default 30.</summary>
    public int SignInsPerMinute { get; set; } = 30;

    internal IReadOnlyList<IPNetwork> ProxyNetworks => Networks(Proxies);

    internal IReadOnlyList<IPNetwork> OpenIngestNetworks => Networks(OpenIngestFrom);

    /// <summary>The networks of a list; an address is the network of itself.</summary>
    internal static bool TryParse(string text, out List<IPNetwork> networks)
    {
        networks = [];
        foreach (var part in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (IPNetwork.TryParse(part, out var network)) networks.Add(network);
            else if (!part.Contains('/') && IPAddress.TryParse(part, out var address)) networks.Add(new(address, address.GetAddressBytes().Length * 8));
            else return false;
        }
        return true;
    }

    private static List<IPNetwork> Networks(string text) => TryParse(text, out var networks) ? networks : [];
}

internal sealed class SecurityOptionsValidator : IValidateOptions<SecurityOptions>
{
    private const int MaxRate = 1_000_000, MaxSignIns = 10_000;

    public ValidateOptionsResult Validate(string? name, SecurityOptions options)
    {
        string[] errors = [.. Errors(nameof(options.Proxies), options.Proxies), .. Errors(nameof(options.OpenIngestFrom), options.OpenIngestFrom),
            .. Errors(nameof(options.RequestsPerSecond), options.RequestsPerSecond, MaxRate), .. Errors(nameof(options.UnknownRequestsPerMinute), options.UnknownRequestsPerMinute, MaxRate),
            .. Errors(nameof(options.SignInsPerMinute), options.SignInsPerMinute, MaxSignIns)];
        return errors.Length > 0 ? ValidateOptionsResult.Fail(errors) : ValidateOptionsResult.Success;
    }

    private static IEnumerable<string> Errors(string setting, int value, int max)
    {
        if (value < 1 || value > max) yield return string.Create(CultureInfo.InvariantCulture, $"{SecurityOptions.SectionName}:{setting} must be 1 to {max}, not {value}.");
    }

    private static IEnumerable<string> Errors(string setting, string value)
    {
        if (!SecurityOptions.TryParse(value, out _))
            yield return $"{SecurityOptions.SectionName}:{setting} must be addresses or networks such as 10.0.0.1;192.168.7.0/24, separated by semicolons, not '{value}'.";
    }
}
