using SensorDash.Web.Commands;
using SensorDash.Web.Operations;

try
{
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = ContentRoot.Find() });
    builder.AddSensorDash();
    var app = builder.Build();
    app.UseSensorDash();
    if (args.Contains(DemoCommand.Name)) app.LoadDemoWhenStarted();
    if (args.Contains(RebuildCommand.Name)) app.RebuildAnalytics();
    await app.RunSensorDashAsync();
    return 0;
}
catch (StartupException e)
{
    await Console.Error.WriteLineAsync($"SensorDash cannot start: {e.Message}");
    return 1;
}

/// <summary>Public, so that tests can start the program.</summary>
public sealed partial class Program;
