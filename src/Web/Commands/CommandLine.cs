using SensorDash.Web.Operations;

namespace SensorDash.Web.Commands;

/// <summary>The arguments of the program: at most one command, and settings.</summary>
internal static class CommandLine
{
    public const string Help = "--help";
    public const string Version = "--version";

    public const string Usage = $"""
        Usage: SensorDash.Web [command] [--SETTING=VALUE ...]

        Commands:
          {DemoCommand.Name}      start the server and load demo data, which goes on while it runs, unless the database has other nodes
          {RebuildCommand.Name}   start the server and rebuild the DuckDB side path
        Without a command the server starts.

        Options:
          --urls URL          addresses to listen on, such as http://127.0.0.1:5080
          --SETTING=VALUE     any setting of docs/configuration.md, such as --Database:Sqlite:Path=hub.db
          {Help}, -h          print this text
          {Version}           print the version
        """;

    private static readonly string[] _commands = [DemoCommand.Name, RebuildCommand.Name];

    // Of the host, which ASP.NET Core, dotnet ef and tests set; and sections that ASP.NET Core reads.
    private static readonly HashSet<string> _settings = new(
        [
            "urls", "http_ports", "https_ports", "environment", "contentRoot", "applicationName", "webRoot", "AllowedHosts", "Logging", "Kestrel",
            .. SettingsValidator.Sections, .. SettingAliases.Names,
        ], StringComparer.OrdinalIgnoreCase);

    /// <summary>The command, <see cref="Help"/> or <see cref="Version"/>; null if there is none.</summary>
    /// <exception cref="CommandLineException">A word or an option is unknown.</exception>
    public static string? Parse(string[] args)
    {
        string? command = null;
        for (var i = 0; i < args.Length; i++)
        {
            var argument = args[i];
            if (argument is Help or "-h" or "-?") return Help;
            if (argument == Version) return Version;
            // As ASP.NET Core reads them: --key=value, --key value, /key=value, key=value.
            if (Key(argument) is { } key)
            {
                if (!_settings.Contains(key.Split(':')[0])) throw new CommandLineException($"{argument.Split('=')[0]} is not an option.");
                if (!argument.Contains('=') && ++i == args.Length) throw new CommandLineException($"{argument} must have a value.");
            }
            else if (!_commands.Contains(argument)) throw new CommandLineException($"'{argument}' is not a command.");
            else if (command is not null) throw new CommandLineException($"There must be one command, not '{command}' and '{argument}'.");
            else command = argument;
        }
        return command;
    }

    private static string? Key(string argument)
    {
        var prefix = argument.StartsWith("--", StringComparison.Ordinal) ? 2 : argument.StartsWith('/') ? 1 : 0;
        return prefix > 0 || argument.Contains('=') ? argument[prefix..].Split('=')[0] : null;
    }
}

/// <summary>The arguments are invalid; the message says which.</summary>
internal sealed class CommandLineException(string message) : Exception(message);
