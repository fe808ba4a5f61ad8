using System.Net;
using System.Text.Json;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Operations;

/// <summary>The keys that sign forms, in the folder <c>keys</c> beside the database.</summary>
public sealed class KeyFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Keys => _folder.File("keys");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("<key id=\"")]
    [InlineData("\0\0\0\0\0\0\0\0")]
    [InlineData("<html></html>")]
    public async Task Start_UnreadableKey_IsSetAsideAndANewOneIsMade(string content)
    {
        var key = Path.Combine(Keys, "key-0b4e9a3c-65a4-4b6c-8a5c-0f6f7b0b3f00.xml");
        Directory.CreateDirectory(Keys);
        await File.WriteAllTextAsync(key, content);

        await using var started = Start();
        using var client = started.CreateClient();
        using var page = await client.GetAsync("/zones");
        using var ready = await client.GetAsync("/health/ready");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (page.StatusCode, ready.StatusCode));
        Assert.Single(Directory.GetFiles(Keys, "*.xml"));
        var aside = Assert.Single(Directory.GetFiles(Keys), file => file.Contains(".aside-", StringComparison.Ordinal));
        Assert.Equal(content, await File.ReadAllTextAsync(aside));
        Assert.Contains(started.Logs.Entries, entry => entry.Text.Contains(Path.GetFileName(key), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_KeyOfAnEarlierRun_IsUsedAgain()
    {
        await OpenZonesAsync();
        var key = Assert.Single(Directory.GetFiles(Keys));

        await OpenZonesAsync();

        Assert.Equal(key, Assert.Single(Directory.GetFiles(Keys)));
    }

    [Fact]
    public async Task Ready_KeysFolderGone_SaysSo()
    {
        await using var app = Start();
        using var client = app.CreateClient();
        await client.GetStringAsync("/zones");
        Directory.Move(Keys, Keys + ".moved");
        await File.WriteAllTextAsync(Keys, "");

        using var gone = await client.GetAsync(new Uri("/health/ready", UriKind.Relative));
        File.Delete(Keys);
        Directory.Move(Keys + ".moved", Keys);
        using var back = await client.GetAsync(new Uri("/health/ready", UriKind.Relative));

        Assert.Equal((HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK), (gone.StatusCode, back.StatusCode));
        var response = JsonSerializer.Deserialize<JsonElement>(await gone.Content.ReadAsStringAsync());
        Assert.Equal("ok", response.GetProperty("store").GetString());
        Assert.Contains("keys", response.GetProperty("limitations")[0].GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain(_folder.Path, response.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_KeysFolderThatIsAFile_IsRefused()
    {
        await File.WriteAllTextAsync(Keys, "");

        var run = await ProgramRun.ToItsEndAsync(("Database__Sqlite__Path", _folder.File("a.db")));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains(Keys, run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Errors + run.Output, StringComparison.Ordinal);
    }

    private SensorDashApp Start() => new(("Database:Sqlite:Path", _folder.File("a.db")));

    private async Task OpenZonesAsync()
    {
        await using var app = Start();
        using var client = app.CreateClient();
        await client.GetStringAsync("/zones");
    }
}
