namespace SensorDash.Web.Security;

/// <summary>Access to the server, bound from <see cref="SectionName"/>.</summary>
public sealed class SecurityOptions
{
    public const string SectionName = "Security";

    /// <summary>Accept requests from other machines, without a login: everyone who can reach the port can then read,
    /// write and delete. Default false.</summary>
    public bool AllowNetworkAccess { get; set; }
}
