using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace SensorDash.Data.Sqlite;

/// <summary>Lets EF Core 10 run on whichever 2.x of SQLitePCLRaw was restored (ADR 0001).</summary>
internal static class SqliteRuntime
{
    // The runtime refuses an assembly older than the one compiled against before it looks beside the app; this
    // handler runs only then, so with matching versions it never does.
#pragma warning disable CA2255 // A module initializer is the one place that runs before the first SQLite type is touched.
    [ModuleInitializer]
    internal static void Initialize()
    {
        AssemblyLoadContext.Default.Resolving += LoadBesideApp;
        SQLitePCL.Batteries_V2.Init();
    }
#pragma warning restore CA2255

    // By reflection: named in code, the property would bind to the newer SQLitePCLRaw that the driver was compiled against (CS1705).
    private static readonly PropertyInfo _handleProperty = typeof(SqliteConnection).GetProperty("Handle")!;

    /// <summary>SQLite's own handle of an open connection.</summary>
    internal static sqlite3 HandleOf(SqliteConnection connection) => (sqlite3)_handleProperty.GetValue(connection)!;

    private static Assembly? LoadBesideApp(AssemblyLoadContext context, AssemblyName name)
    {
        if (name.Name?.StartsWith("SQLitePCLRaw", StringComparison.Ordinal) != true) return null;
        var path = Path.Combine(AppContext.BaseDirectory, name.Name + ".dll");
        return File.Exists(path) ? context.LoadFromAssemblyPath(path) : null;
    }
}
