using System.Reflection;

namespace SensorDash.Web.Operations;

/// <summary>The version of this build.</summary>
internal static class BuildInfo
{
    public static string Version { get; } = typeof(BuildInfo).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
}
