namespace SensorDash.Web.Security;

/// <summary>Who may reach the program, bound from <see cref="SectionName"/>.</summary>
public sealed class SecurityOptions
{
    public const string SectionName = "Security";

    /// <summary>Answer requests that arrive from outside this machine, without any login: anyone who reaches the port
    /// may then read, write and delete. Default off.</summary>
    public bool AllowNetworkAccess { get; set; }
}
