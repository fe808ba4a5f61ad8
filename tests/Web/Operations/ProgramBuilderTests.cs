using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Json;
using SensorDash.Tests.Support;
using SensorDash.Web.Operations;

namespace SensorDash.Web.Tests.Operations;

/// <summary>The settings of the program.</summary>
public sealed class ProgramBuilderTests
{
    [Fact]
    public async Task Settings_OfAFile_AreReadOnceAndNotWatched()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("appsettings.json"), """{ "Ingest": { "BatchSize": 7 } }""");

        var configuration = ProgramBuilder.Create(["--contentRoot", folder.Path]).Configuration;

        Assert.Equal("7", configuration["Ingest:BatchSize"]);
        var files = ((IConfigurationRoot)configuration).Providers.OfType<JsonConfigurationProvider>().ToList();
        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.False(file.Source.ReloadOnChange));
    }
}
