using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using SensorDash.Migrations.Sqlite;

namespace SensorDash.Tests.Support;

/// <summary>An empty SQLite file with the current schema. Hundreds of tests need one, and each migration takes longer than the copy of a file.</summary>
internal static class MigratedSqliteFile
{
    private static readonly Lazy<byte[]> _content = new(Create);

    /// <summary>Creates the file at <paramref name="path"/>.</summary>
    public static void CopyTo(string path) => File.WriteAllBytes(path, _content.Value);

    private static byte[] Create()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("template.db");
        var connectionString = new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString();
        using (var context = new SqliteContext(new DbContextOptionsBuilder<SqliteContext>()
            .UseSqlite(connectionString, sqlite => sqlite.MigrationsAssembly(typeof(SqliteContext).Assembly)).Options)) context.Database.Migrate();
        return File.ReadAllBytes(path); // Complete: closing the last connection has emptied the write-ahead log.
    }
}
