using SensorDash.Web.Commands;
using SensorDash.Web.Hosting;
using SensorDash.Web.Operations;

try
{
    var line = CommandLine.Parse(args);
    if (line.IsWithoutServer) return await line.InvokeAsync();
    await ServerProgram.RunAsync(line);
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
