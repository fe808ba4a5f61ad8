using System.Globalization;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;
using SensorDash.Data.Timescale;
using SensorDash.Web.Commands.Transfer;

namespace SensorDash.Web.Transfers;

/// <summary>Addresses of stores from settings, and settings from addresses.</summary>
internal static class StoreSettings
{
    /// <summary>The settings with which a server uses a store.</summary>
    /// <param name="address">The store.</param>
    /// <param name="defaults">What an address of a server does not say.</param>
    public static IReadOnlyList<KeyValuePair<string, string?>> Of(TransferAddress address, TimescaleOptions defaults)
    {
        switch (address.Kind)
        {
            case StoreKind.DuckDb:
                return [new("Readings:Backend", nameof(ReadingsBackend.DuckDb)), new("Readings:DuckDb:Path", address.Place)];
            case StoreKind.Sqlite:
                return [new("Database:Provider", DatabaseOptions.SqliteProvider), new("Database:Sqlite:Path", address.Place), new("Readings:Backend", nameof(ReadingsBackend.Database))];
            default:
                var options = TimescaleTransfer.Parse(address.Place, defaults);
                return
                [
                    new("Database:Provider", DatabaseOptions.TimescaleProvider), new("Database:Timescale:Host", options.Host),
                    new("Database:Timescale:Port", options.Port.ToString(CultureInfo.InvariantCulture)), new("Database:Timescale:Database", options.Database),
                    new("Database:Timescale:User", options.User), new("Database:Timescale:PasswordEnv", options.PasswordEnv), new("Database:Timescale:Ssl", options.Ssl.ToString()),
                    new("Readings:Backend", nameof(ReadingsBackend.Database)),
                ];
        }
    }

    /// <summary>An address that does not depend on settings, so that another server understands it.</summary>
    public static TransferAddress Complete(TransferAddress address, TimescaleOptions defaults)
        => address.Kind == StoreKind.Timescale ? AddressOf(TimescaleTransfer.Parse(address.Place, defaults)) : address;

    /// <summary>The address of a server, without its password.</summary>
    public static TransferAddress AddressOf(TimescaleOptions options) => new(StoreKind.Timescale, string.Create(CultureInfo.InvariantCulture,
        $"Host={options.Host};Port={options.Port};Database={options.Database};User={options.User};PasswordEnv={options.PasswordEnv};Ssl={options.Ssl}"));

    /// <summary>"nova on db".</summary>
    public static string NameOf(TransferAddress address, TimescaleOptions defaults)
    {
        var options = TimescaleTransfer.Parse(address.Place, defaults);
        return $"{options.Database} on {options.Host}";
    }

    /// <summary>Whether a noted address means a store; the role and the password may have changed since.</summary>
    public static bool IsSame(string? noted, TransferAddress address)
    {
        if (noted is null || noted == address.Text) return noted is not null;
        if (address.Kind != StoreKind.Timescale || TransferAddress.Parse(noted) is not { Kind: StoreKind.Timescale } other) return false;
        var (ours, theirs) = (TimescaleTransfer.Parse(address.Place, new()), TimescaleTransfer.Parse(other.Place, new()));
        return (ours.Host, ours.Port, ours.Database) == (theirs.Host, theirs.Port, theirs.Database);
    }

    /// <summary>The settings as arguments of the program.</summary>
    public static string Arguments(IEnumerable<KeyValuePair<string, string?>> settings) => string.Join(' ', settings.Select(s => $"--{s.Key}={s.Value}"));
}
