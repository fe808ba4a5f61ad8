using Microsoft.Extensions.Logging;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Operations;

/// <summary>The database file has secrets: only its owner reads it.</summary>
public sealed class FileModeTests : IDisposable
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Everybody = Owner | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly TemporaryFolder _folder = new();

    private string Store => _folder.File("a.db");

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public async Task Start_NewDatabase_IsReadableByItsOwnerOnly()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no modes.");
        await using var app = new SensorDashApp(("Database:Sqlite:Path", Store), ("Database:MigrateAtStart", "true"), ("Analytics:Enabled", "false"));
        await app.Store.AddAsync(Some.Reading());

        Assert.Equal([Owner, Owner, Owner], Modes());
        Assert.DoesNotContain(app.Logs.Entries, entry => entry.Text.Contains("Other users", StringComparison.Ordinal));
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Start_DatabaseThatOthersMayRead_IsClosedToThemAndTheLogSaysSo(bool isLink)
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no modes.");
        MigratedSqliteFile.CopyTo(Store);
        if (isLink) File.CreateSymbolicLink(_folder.File("link.db"), "a.db");
        // A log that a killed process left.
        await using (var connection = await SqliteLock.OpenAsync(Store))
        {
            await using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA journal_mode=WAL; CREATE TABLE other (x)";
            await command.ExecuteNonQueryAsync();
            foreach (var file in Files()) File.Copy(file, file + ".kept");
        }
        foreach (var file in Files(".kept")) File.Move(file, file[..^".kept".Length], overwrite: true);
        foreach (var file in Files()) SetMode(file, Everybody);

        await using var app = new SensorDashApp(("Database:Sqlite:Path", isLink ? _folder.File("link.db") : Store), ("Analytics:Enabled", "false"));
        await app.Store.AddAsync(Some.Reading());

        Assert.Equal([Owner, Owner, Owner], Modes());
        Assert.Equal(3, app.Logs.Entries.Count(entry => entry.Level == LogLevel.Warning && entry.Text.Contains("(mode 644)", StringComparison.Ordinal)));
    }

    [SkippableFact]
    public async Task Start_DatabaseOfNobodyElse_LogsNothing()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no modes.");
        MigratedSqliteFile.CopyTo(Store);
        SetMode(Store, Owner);

        await using var app = new SensorDashApp(("Database:Sqlite:Path", Store), ("Analytics:Enabled", "false"));
        using var client = app.CreateClient();

        Assert.DoesNotContain(app.Logs.Entries, entry => entry.Text.Contains("Other users", StringComparison.Ordinal));
    }

    private static void SetMode(string file, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file, mode);
    }

    private string[] Files(string ending = "") => [Store + ending, Store + "-wal" + ending, Store + "-shm" + ending];

    private IEnumerable<UnixFileMode> Modes() => OperatingSystem.IsWindows() ? [] : Files().Select(File.GetUnixFileMode);
}
