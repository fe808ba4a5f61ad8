using SensorDash.Web.Commands;
using SensorDash.Web.Operations;

var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = ContentRoot.Find() });
builder.AddSensorDash();
var app = builder.Build();
app.UseSensorDash();
if (args.Contains(DemoCommand.Name)) app.LoadDemoWhenStarted();
return await app.RunSensorDashAsync();

/// <summary>Named so that tests can start the program.</summary>
public sealed partial class Program;
