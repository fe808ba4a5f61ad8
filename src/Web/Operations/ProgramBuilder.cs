namespace SensorDash.Web.Operations;

/// <summary>The builder of the server and of the commands, with the settings of the files, the environment and the command line.</summary>
internal static class ProgramBuilder
{
    // They are validated once, at the start. Watching the files would also go through every folder of the content root at each start.
    private const string NoReload = "--hostBuilder:reloadConfigOnChange=false";

    /// <param name="settings">Settings of the command line.</param>
    public static WebApplicationBuilder Create(string[] settings)
        => WebApplication.CreateBuilder(new WebApplicationOptions { Args = [.. settings, NoReload], ContentRootPath = ContentRoot.Find(settings) });
}
