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
    public ValidateOptionsResult Validate(string? name, SecurityOptions options)
    {
        string[] errors = [.. Errors(nameof(options.Proxies), options.Proxies), .. Errors(nameof(options.OpenIngestFrom), options.OpenIngestFrom)];
        return errors.Length > 0 ? ValidateOptionsResult.Fail(errors) : ValidateOptionsResult.Success;
    }

    private static IEnumerable<string> Errors(string setting, string value)
    {
        if (!SecurityOptions.TryParse(value, out _))
            yield return $"{SecurityOptions.SectionName}:{setting} must be addresses or networks such as 10.0.0.1;192.168.7.0/24, separated by semicolons, not '{value}'.";
    }
}
