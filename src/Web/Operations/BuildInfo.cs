using System.Reflection;

namespace SensorDash.Web.Operations;

/// <summary>Which build this is.</summary>
internal static class BuildInfo
{
    public static string Version { get; } = typeof(BuildInfo).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
}
