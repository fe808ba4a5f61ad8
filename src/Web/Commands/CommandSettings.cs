using SensorDash.Web.Operations;

namespace SensorDash.Web.Commands;

/// <summary>The settings of a command that runs without the server.</summary>
internal static class CommandSettings
{
    /// <exception cref="StartupException">Settings are invalid; the message names all errors.</exception>
    public static ConfigurationManager Read(string[] settings)
    {
        var builder = ProgramBuilder.Create(settings);
        builder.Configuration.AddSettingAliases();
        SettingsValidator.ThrowOnErrors(builder.Configuration);
        return builder.Configuration;
    }
}
