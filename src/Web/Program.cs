using SensorDash.Web.Commands;
using SensorDash.Web.Operations;

try
{
    var line = CommandLine.Parse(args);
    if (line.IsWithoutServer) return await line.InvokeAsync();
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = line.Settings, ContentRootPath = ContentRoot.Find(line.Settings) });
    builder.AddSensorDash();
    await using var app = builder.Build(); // A start that fails also releases its files.
    app.UseSensorDash();
    if (line.Command == DemoCommand.Name) app.LoadDemoWhenStarted();
    if (line.Command == RebuildCommand.Name) app.RebuildAnalytics();
    await app.RunSensorDashAsync();
    return 0;
}
catch (CommandLineException e)
{
    await Console.Error.WriteLineAsync($"SensorDash: {e.Message}\n\n{e.Usage}");
    return e.ExitCode;
}
catch (InvalidDataException e) // A settings file that is not JSON.
{
    await Console.Error.WriteLineAsync($"SensorDash cannot start: {e.Message} {e.GetBaseException().Message}");
    return 1;
}
catch (StartupException e)
{
    await Console.Error.WriteLineAsync($"SensorDash cannot start: {e.Message}");
    return 1;
}
catch (Exception e) when (e is not HostAbortedException) // An unhandled exception would abort the process, as a crash.
{
    await Console.Error.WriteLineAsync($"SensorDash stopped because of an unexpected error: {e}");
    return 1;
}

/// <summary>Public, so that tests can start the program.</summary>
public sealed partial class Program;
