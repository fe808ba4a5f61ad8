using System.Security.Cryptography;
using System.Text;
using SensorDash.Data.Access;
using SensorDash.Web.Operations;

namespace SensorDash.Web.Security;

/// <summary>The one-time secret with which the first administrator is made on a server that others reach too. Only the log has it.</summary>
internal sealed partial class SetUp(AccessDirectory directory, Exposure exposure, ILogger<SetUp> logger)
{
    // Without characters that look like others: people copy it from a screen.
    private const string Characters = "abcdefghjkmnpqrstuvwxyz23456789";

    private const int Groups = 5, GroupLength = 5;

    private readonly string _secret = string.Join('-', Enumerable.Range(0, Groups).Select(_ => RandomNumberGenerator.GetString(Characters, GroupLength)));

    /// <summary>Whether the first administrator is to be made.</summary>
    public bool IsNeeded => directory.Current is { HasAdmin: false };

    /// <summary>Whether it takes the secret.</summary>
    public bool TakesSecret => exposure.IsPublic;

    /// <summary>Whether a text is the secret.</summary>
    public bool Matches(string? secret)
        => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes((secret ?? "").Trim().ToLowerInvariant()), Encoding.UTF8.GetBytes(_secret));

    /// <summary>Writes the secret into the log, if it is needed.</summary>
    public void Announce(IServiceProvider services)
    {
        if (IsNeeded && TakesSecret) Log.SecretIs(logger, ListenAddresses.Local(services) ?? "this server", _secret);
    }

    private static partial class Log
    {
        [LoggerMessage(81, LogLevel.Warning, "Other machines can reach this server and nobody is an administrator, so it answers nobody. Open {Address}/set-up and enter the one-time secret: {Secret}")]
        public static partial void SecretIs(ILogger logger, string address, string secret);
    }
}
