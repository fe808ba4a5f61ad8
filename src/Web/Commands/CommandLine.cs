using System.CommandLine;
using System.CommandLine.Help;
using SensorDash.Web.Commands.Backup;
using SensorDash.Web.Commands.Damage;
using SensorDash.Web.Commands.Retention;
using SensorDash.Web.Commands.Scrub;
using SensorDash.Web.Commands.Transfer;
using SensorDash.Web.Commands.Users;
using SensorDash.Web.Operations;

namespace SensorDash.Web.Commands;

/// <summary>The arguments of the program: at most one command, and settings.</summary>
/// <remarks>Settings are ASP.NET Core's, with names of any number; System.CommandLine gets the rest.</remarks>
internal static class CommandLine
{
    private const string About = """
        SensorDash stores readings of sensor nodes and events of telemetry, and shows them. Without a command the server starts.

        Any setting of docs/configuration.md may follow, such as --Database:Sqlite:Path=hub.db
        """;

    // Of the host, which ASP.NET Core, dotnet ef and tests set; and sections that ASP.NET Core reads.
    private static readonly HashSet<string> _settings = new(
        [
            "urls", "http_ports", "https_ports", "environment", "contentRoot", "applicationName", "webRoot", "AllowedHosts", "Logging", "Kestrel",
            .. SettingsValidator.Sections, .. SettingAliases.Names,
        ], StringComparer.OrdinalIgnoreCase);

    /// <summary>The command and its options.</summary>
    /// <exception cref="CommandLineException">A word or an option is unknown; the message says which.</exception>
    public static ParsedCommandLine Parse(string[] args)
    {
        var (settings, words) = Separate(args);
        var root = Create(settings);
        var result = root.Parse(words);
        if (result.Errors is [var first, ..] && result.Action is not HelpAction)
            throw new CommandLineException(Explain(first.Message, result)) { Usage = HelpOf(root, result), ExitCode = words is [TransferCommand.Name, ..] ? TransferCommand.Failed : CommandLineException.Unknown };
        return new(result, settings);
    }

    private static RootCommand Create(string[] settings)
    {
        var start = new StartServer();
        var root = new RootCommand(About)
        {
            new Command(DemoCommand.Name, "Start the server and load demo data, which goes on while it runs, unless the database has other nodes.") { Action = start },
            new Command(RebuildCommand.Name, "Start the server and rebuild the DuckDB side path.") { Action = start },
            TransferCommand.Create(settings),
            UsersCommand.Create(settings),
            BackupCommand.Create(settings),
            DamageCommand.Create(settings),
            RetentionCommand.Create(settings),
            ScrubCommand.Create(settings),
        };
        root.Action = start;
        // Read with the settings; here for the help only.
        root.Options.Add(new Option<string>("--urls") { Description = "Addresses to listen on.", HelpName = "http://127.0.0.1:5080" });
        root.Options.Add(new Option<string>("--SETTING") { Description = "Any setting of docs/configuration.md.", HelpName = "VALUE" });
        root.Options.Remove(root.Options.OfType<VersionOption>().Single());
        var version = new Option<bool>("--version") { Description = "Print the version.", Action = new PrintVersion() };
        root.Options.Add(version);
        return root;
    }

    // As ASP.NET Core reads settings: --key=value, --key value, /key=value, key=value.
    private static (string[] Settings, string[] Words) Separate(string[] args)
    {
        var (settings, words) = (new List<string>(), new List<string>());
        for (var i = 0; i < args.Length; i++)
        {
            var argument = args[i];
            if (Key(argument) is not { } key || !_settings.Contains(key.Split(':')[0]))
            {
                words.Add(argument);
                // The value of an option of a command may look like a setting.
                if (argument.StartsWith("--", StringComparison.Ordinal) && !argument.Contains('=') && i + 1 < args.Length && !args[i + 1].StartsWith('-')) words.Add(args[++i]);
                continue;
            }
            settings.Add(argument);
            if (argument.Contains('=')) continue;
            if (i + 1 == args.Length) throw new CommandLineException($"{argument} must have a value.") { Usage = HelpOf(Create([]), null) };
            settings.Add(args[++i]);
        }
        return ([.. settings], [.. words]);
    }

    private static string? Key(string argument)
    {
        var prefix = argument.StartsWith("--", StringComparison.Ordinal) ? 2 : argument.StartsWith('/') ? 1 : 0;
        return prefix > 0 || argument.Contains('=') ? argument[prefix..].Split('=')[0] : null;
    }

    private static string Explain(string error, ParseResult result)
    {
        if (result.UnmatchedTokens is not [var word, ..]) return error;
        var command = result.CommandResult.Command;
        var known = word.StartsWith('-')
            ? command.Options.Select(o => o.Name).Concat(_settings.Select(s => $"--{s}")) : command.Subcommands.Select(c => c.Name);
        var text = word.StartsWith('-') ? $"{word.Split('=')[0]} is not an option." : $"'{word}' is not a command.";
        if (command is not RootCommand && !word.StartsWith('-') && command.Subcommands.Count == 0) text = $"'{word}' must not follow '{command.Name}'.";
        return Nearest(word.Split('=', ':')[0], known) is { } near ? $"{text} Did you mean '{near}'?" : text;
    }

    /// <summary>The word that differs least; null when none is near.</summary>
    internal static string? Nearest(string word, IEnumerable<string> known)
    {
        const int MaxEdits = 2;
        return known.Select(k => (Word: k, Edits: Edits(word.ToLowerInvariant(), k.ToLowerInvariant()))).Where(k => k.Edits <= MaxEdits && k.Edits < k.Word.Length - 1)
            .OrderBy(k => k.Edits).Select(k => k.Word).FirstOrDefault();
    }

    // Insertions, removals, replacements and swaps of neighbours.
    private static int Edits(string a, string b)
    {
        var table = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++) table[i, 0] = i;
        for (var j = 0; j <= b.Length; j++) table[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? 0 : 1;
                table[i, j] = Math.Min(Math.Min(table[i - 1, j] + 1, table[i, j - 1] + 1), table[i - 1, j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) table[i, j] = Math.Min(table[i, j], table[i - 2, j - 2] + 1);
            }
        }
        return table[a.Length, b.Length];
    }

    // Of the command that the words reached.
    private static string HelpOf(RootCommand root, ParseResult? result)
    {
        var path = new List<string>();
        for (var command = result?.CommandResult; command is { Parent: not null }; command = command.Parent as System.CommandLine.Parsing.CommandResult)
            if (command.Command.Subcommands.Count > 0) path.Insert(0, command.Command.Name);
        var text = new StringWriter();
        root.Parse([.. path, "--help"]).Invoke(new() { Output = text });
        return text.ToString().TrimEnd();
    }

    private sealed class PrintVersion : System.CommandLine.Invocation.SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            parseResult.InvocationConfiguration.Output.WriteLine($"SensorDash {BuildInfo.Version}");
            return 0;
        }
    }
}

/// <summary>Marks the commands of the server, which the program runs itself.</summary>
internal sealed class StartServer : System.CommandLine.Invocation.SynchronousCommandLineAction
{
    public override int Invoke(ParseResult parseResult) => throw new InvalidOperationException("The program starts the server.");
}

/// <summary>Arguments without errors.</summary>
/// <param name="Result">The command with its options.</param>
/// <param name="Settings">Settings for ASP.NET Core.</param>
internal sealed record ParsedCommandLine(ParseResult Result, string[] Settings)
{
    /// <summary>The command that starts the server; null without a command.</summary>
    public string? Command => Result.CommandResult.Command is RootCommand ? null : Result.CommandResult.Command.Name;

    /// <summary>Whether the command is complete without the server: help, version, transfer, users, backup.</summary>
    public bool IsWithoutServer => Result.Action is not StartServer;

    /// <summary>Runs such a command.</summary>
    /// <returns>The exit code of the program.</returns>
    public Task<int> InvokeAsync() => Result.InvokeAsync(new() { Output = Console.Out, Error = Console.Error, EnableDefaultExceptionHandler = false });
}

/// <summary>The arguments are invalid; the message says which.</summary>
internal sealed class CommandLineException(string message) : Exception(message)
{
    /// <summary>The exit code for words that are unknown; a transfer uses it otherwise.</summary>
    public const int Unknown = 2;

    public int ExitCode { get; init; } = Unknown;

    /// <summary>What is allowed instead.</summary>
    public string Usage { get; init; } = "";
}
