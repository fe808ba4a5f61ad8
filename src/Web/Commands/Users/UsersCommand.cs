using System.CommandLine;
using SensorDash.Data.Access;
using SensorDash.Data.Storage;
using SensorDash.Web.Operations;

namespace SensorDash.Web.Commands.Users;

/// <summary><c>dotnet run --project src/Web -- users …</c>: manages the people who sign in, on the machine itself, for the owner who is locked out. The server may run meanwhile.</summary>
internal static class UsersCommand
{
    public const string Name = "users";

    private const int Done = 0, Failed = 1;

    /// <summary>The command with its subcommands.</summary>
    /// <param name="settings">Settings of the program.</param>
    public static Command Create(string[] settings)
    {
        var name = new Argument<string>("NAME") { Description = "The name with which the person signs in." };
        var role = new Option<UserRole>("--role") { Description = "viewer reads; operator also edits and sends; admin also deletes, moves data and manages users and keys.", HelpName = "viewer|operator|admin", Required = true };
        var passwordFile = new Option<string>("--password-file") { Description = "File with the password in its first line. Default: the terminal asks for it.", HelpName = "FILE" };
        var command = new Command(Name, "Manage the people who sign in. Works beside the server, which knows of changes within 5 s.");
        command.Subcommands.Add(new Command("list", "List all users.").WithRun(settings, (users, _, token) => users.ListAsync(token)));
        command.Subcommands.Add(new Command("add", "Add a user; the first administrator too.") { name, role, passwordFile }.WithRun(
            settings, (users, p, token) => users.AddAsync(p.GetValue(name)!, p.GetValue(role), p.GetValue(passwordFile), token)));
        command.Subcommands.Add(new Command("reset", "Set another password, and end the pause after wrong ones. The user is signed out everywhere.") { name, passwordFile }.WithRun(
            settings, (users, p, token) => users.ResetAsync(p.GetValue(name)!, p.GetValue(passwordFile), token)));
        command.Subcommands.Add(new Command("remove", "Remove a user; the last administrator cannot be removed.") { name }.WithRun(
            settings, (users, p, token) => users.RemoveAsync(p.GetValue(name)!, token)));
        return command;
    }

    private static Command WithRun(this Command command, string[] settings, Func<UserEditor, ParseResult, CancellationToken, Task<int>> run)
    {
        command.SetAction(async (result, token) =>
        {
            try
            {
                await using var users = await UserEditor.OpenAsync(CommandSettings.Read(settings), token);
                return await run(users, result, token);
            }
            catch (Exception e) when (e is UserCommandException or StartupException or StoreUnavailableException or IOException or UnauthorizedAccessException)
            {
                await Console.Error.WriteLineAsync($"SensorDash: {e.Message}");
                return Failed;
            }
        });
        return command;
    }

    /// <summary>The exit code and the words for what became of a change.</summary>
    /// <exception cref="UserCommandException">It is not done.</exception>
    public static async Task<int> EndAsync(AccessChange change, string name, string done)
    {
        if (change != AccessChange.Done)
        {
            throw new UserCommandException(change switch
            {
                AccessChange.NotFound => $"Nobody has the name {name}. 'users list' shows all.",
                AccessChange.AlreadyExists => $"{name} exists already.",
                AccessChange.LastAdmin => $"{name} is the only administrator. Add another one first.",
                _ => $"There are {AccessStore.MaxUsers} users already.",
            });
        }
        await Console.Out.WriteLineAsync(done);
        return Done;
    }
}

/// <summary>The command cannot do what it is told; the message says why.</summary>
internal sealed class UserCommandException(string message) : Exception(message);
