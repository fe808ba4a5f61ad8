using Microsoft.Extensions.Configuration;
using SensorDash.Data.Access;
using SensorDash.Data.Backup;
using SensorDash.Data.Events;
using SensorDash.Data.Ingest;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Storage;
using SensorDash.Data.Timescale;

namespace SensorDash.Docs.Tests;

/// <summary>docs/configuration.md and appsettings.json against the options themselves.</summary>
public sealed class ConfigurationPageTests
{
    private static readonly Dictionary<string, string?> _settings = new ConfigurationBuilder()
        .AddJsonFile(Path.Combine(Repository.Root, "appsettings.json")).Build().AsEnumerable()
        .Where(setting => setting.Value is not null && !setting.Key.StartsWith("Logging:", StringComparison.Ordinal)).ToDictionary();

    [Fact]
    public void Settings_OnThePage_AreThoseOfTheFileWithTheirDefaults()
    {
        var documented = Repository.Table("docs/configuration.md", "setting").ToDictionary(row => row[0], row => row[1]);

        Assert.Equal(_settings.Keys.Order(), documented.Keys.Order());
        foreach (var (key, value) in _settings) Assert.Equal(value, documented[key], ignoreCase: true);
    }

    [Fact]
    public void File_ListsEveryOption_WithTheDefaultOfTheCode()
    {
        AssertListed(DatabaseOptions.SectionName, new DatabaseOptions());
        AssertListed(SqliteOptions.SectionName, new SqliteOptions());
        AssertListed(TimescaleOptions.SectionName, new TimescaleOptions());
        AssertListed("Ingest", new IngestOptions());
        AssertListed("Events", new EventOptions());
        AssertListed(AuditOptions.SectionName, new AuditOptions());
        AssertListed(BackupOptions.SectionName, new BackupOptions());
        AssertListed("Security", new Web.Security.SecurityOptions());
        AssertListed(Web.Transfers.TransferSettings.SectionName, new Web.Transfers.TransferSettings());
    }

    private static void AssertListed(string path, object options)
    {
        foreach (var property in options.GetType().GetProperties())
        {
            var (key, value) = ($"{path}:{property.Name}", property.GetValue(options));
            if (value is not null && value.GetType().IsClass && value is not string) AssertListed(key, value);
            else if (property.CanWrite) Assert.Equal(Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture), _settings[key], ignoreCase: true);
        }
    }
}
