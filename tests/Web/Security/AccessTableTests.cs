using System.Globalization;
using System.Text;
using SensorDash.Tests.Support;
using SensorDash.Web.Commands;

namespace SensorDash.Web.Tests.Security;

/// <summary>The table of docs/security.md is what the program does: every endpoint, page, form, message and command, asked by everybody.</summary>
/// <remarks>With <c>SENSORDASH_WRITE_DOCS=1</c> the test writes the table instead of comparing it.</remarks>
public sealed class AccessTableTests() : SecuredHub(("Security:UnknownRequestsPerMinute", "100000"), ("Security:SignInsPerMinute", "10000"))
{
    private const string Page = "docs/security.md", Begin = "<!-- Made by AccessTableTests: -->", End = "<!-- Until here. -->";

    // What each command takes beside the rights of a process of that machine.
    private static readonly Dictionary<string, string> _commands = new()
    {
        [""] = "the files of the store, or the password of its database; the port",
        ["demo"] = "as without a command",
        ["rebuild"] = "as without a command",
        ["transfer plan"] = "the files or the passwords of both stores",
        ["transfer run"] = "the files or the passwords of both stores",
        ["transfer verify"] = "the files or the passwords of both stores",
        ["transfer list"] = "the files or the password of the target",
        ["transfer status"] = "the files or the passwords of both stores, or a key for the running server",
        ["transfer cutover"] = "the files or the passwords of both stores, or a key for the running server",
        ["transfer rollback"] = "the files or the passwords of both stores, or a key for the running server",
        ["retention preview"] = "the files of the stores, or the password of the database, or a key for the running server",
        ["scrub"] = "the files of the stores, or the password of the database",
        ["users list"] = "the files of the store, or the password of its database",
        ["users add"] = "the files of the store, or the password of its database",
        ["users reset"] = "the files of the store, or the password of its database",
        ["users remove"] = "the files of the store, or the password of its database",
        ["backup create"] = "the files of the store and of the backups, or the password of its database, or a key for the running server",
        ["backup list"] = "the files of the backups",
        ["backup verify"] = "the files of the backups",
        ["backup restore"] = "the files of the backups and of the store, or the password of its database",
        ["damage status"] = "the files of the store and of the backups",
        ["damage restore"] = "the files of the store and of the backups, or a key for the running server",
        ["damage salvage"] = "the files of the store, or a key for the running server",
        ["damage dismiss"] = "the files of the store, or a key for the running server",
        ["transfer finish"] = "the files or the passwords of both stores, or a key for the running server",
        ["transfer giveup"] = "the files of the target, or the password of its database",
    };

    [SkippableFact]
    public async Task TableOfThePage_IsWhatTheProgramDoes()
    {
        var page = Path.Combine(Repository.Root, Page);
        var text = await File.ReadAllTextAsync(page);
        var (begin, end) = (text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, text.IndexOf(End, StringComparison.Ordinal));
        var table = await MakeAsync();

        if (Environment.GetEnvironmentVariable("SENSORDASH_WRITE_DOCS") == "1") await File.WriteAllTextAsync(page, text[..begin] + table + text[end..]);
        else Assert.Equal(table.Split('\n'), text[begin..end].Split('\n'));
    }

    private async Task<string> MakeAsync()
    {
        using var admin = await SetUpAsync();
        await StoreAsync(Some.Reading(12), Some.Reading(13));
        using var stranger = new HubBrowser(App);
        using var otherAdmin = await SignedInAsync();
        var revoked = await AddKeyAsync(admin, "revoked", "admin");
        await RevokeAsync(admin, "revoked");
        var limited = await AddKeyAsync(admin, "limited", "ingest,read", AccessTable.Inside.Node, AccessTable.Inside.Scope);
        var viewer = await AddUserAsync(admin, "vera", "viewer");
        var foreignToken = await viewer.TokenAsync("/account");
        Asker[] askers =
        [
            new("nobody", stranger),
            new("viewer", viewer),
            new("operator", await AddUserAsync(admin, "otto", "operator")),
            new("admin", await SignedInAsync()),
            new("key ingest", new(App), await AddKeyAsync(admin, "ingest", "ingest")),
            new("key read", new(App), await AddKeyAsync(admin, "read", "read")),
            new("key admin", new(App), await AddKeyAsync(admin, "admin", "admin")),
            new("limited key", new(App), limited) { IsLimited = true },
            new("revoked key", new(App), revoked),
            new("foreign origin", await SignedInAsync(), origin: "http://evil.example"),
            new("foreign token", otherAdmin, token: foreignToken),
        ];
        try
        {
            return "\n" + await TablesAsync(askers);
        }
        finally
        {
            foreach (var asker in askers) asker.Dispose();
        }

        async Task<HubBrowser> SignedInAsync()
        {
            var browser = new HubBrowser(App);
            (await SignInAsync(browser, AdminName, AdminPassword)).Dispose();
            return browser;
        }
    }

    private async Task<string> TablesAsync(Asker[] askers)
    {
        var text = new StringBuilder();
        await AddAsync("API", AccessTable.Endpoints(App), (asker, row) => AccessTable.AskAsync(asker, row, isPage: false));
        await AddAsync("message over /ws", await MessageTypesAsync(), (asker, row) => AccessTable.AskSocketAsync(asker, App.Address, row));
        await AddAsync("page, view or form", await AccessTable.PageHandlersAsync(App), (asker, row) => AccessTable.AskAsync(asker, row, isPage: true));
        Assert.Equal(CommandNames().Order(), _commands.Keys.Order());
        text.Append("| command | takes, besides the rights of a program on that machine |\n|---|---|\n");
        foreach (var command in CommandNames()) text.Append(CultureInfo.InvariantCulture, $"| {(command.Length == 0 ? "(none: the server)" : $"`{command}`")} | {_commands[command]} |\n");
        return text.ToString();

        async Task AddAsync(string header, IEnumerable<string> rows, Func<Asker, string, Task<string>> ask)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {header} | {string.Join(" | ", askers.Select(a => a.Name))} |\n|---|{string.Concat(Enumerable.Repeat("---|", askers.Length))}\n");
            foreach (var row in rows)
            {
                var cells = new List<string>();
                foreach (var asker in askers) cells.Add(await ask(asker, row));
                text.Append(CultureInfo.InvariantCulture, $"| `{row}` | {string.Join(" | ", cells)} |\n");
            }
            text.Append('\n');
        }
    }

    // The program says them itself.
    private async Task<IReadOnlyList<string>> MessageTypesAsync()
    {
        await using var socket = await SocketClient.OpenAsync(App.Address);
        var error = (await socket.AskAsync(new { }, "error")).GetProperty("error").GetString()!;
        return error[(error.IndexOf("allowed: ", StringComparison.Ordinal) + 9)..].Split(", ");
    }

    private static IReadOnlyList<string> CommandNames()
    {
        var root = CommandLine.Parse([]).Result.RootCommandResult.Command;
        return ["", .. root.Subcommands.SelectMany(c => c.Subcommands.Count == 0 ? [c.Name] : c.Subcommands.Select(s => $"{c.Name} {s.Name}"))];
    }
}
