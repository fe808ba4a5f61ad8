using SensorDash.Web.Security;

namespace SensorDash.Web.Operations;

/// <summary>Settings of former versions: a file that still has one gets a sentence in the log, not a refused start.</summary>
internal static partial class RemovedSettings
{
    public const string NetworkAccess = SecurityOptions.SectionName + ":AllowNetworkAccess";

    public static void Warn(IConfiguration configuration, ILogger logger)
    {
        if (configuration[NetworkAccess] is not null) Log.NetworkAccessIsGone(logger, NetworkAccess);
    }

    private static partial class Log
    {
        [LoggerMessage(82, LogLevel.Warning, "The setting {Setting} has no effect any more; remove it. The server listens where Urls says, and who reaches it from another machine signs in.")]
        public static partial void NetworkAccessIsGone(ILogger logger, string setting);
    }
}
