using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using SensorDash.Migrations.Sqlite;

namespace SensorDash.Tests.Support;

/// <summary>An empty SQLite file with the schema of a migration.</summary>
public static class MigratedSqliteFile
{
    // Hundreds of tests need the current schema, and each migration takes longer than the copy of a file.
    private static readonly Lazy<byte[]> _content = new(CreateContent);

    /// <summary>Creates the file at <paramref name="path"/> with the current schema, readable by its owner only, as the program creates it.</summary>
    public static void CopyTo(string path)
    {
        File.WriteAllBytes(path, _content.Value);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    /// <summary>Creates the file at <paramref name="path"/>.</summary>
    /// <param name="path">Path of the file.</param>
    /// <param name="migration">The last migration; null for all.</param>
    public static void Create(string path, string? migration)
    {
        var connectionString = new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString();
        using var context = new SqliteContext(new DbContextOptionsBuilder<SqliteContext>()
            .UseSqlite(connectionString, sqlite => sqlite.MigrationsAssembly(typeof(SqliteContext).Assembly)).Options);
        context.Database.Migrate(migration);
    }

    private static byte[] CreateContent()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("template.db");
        Create(path, null);
        return File.ReadAllBytes(path); // Complete: closing the last connection has emptied the write-ahead log.
    }
}
