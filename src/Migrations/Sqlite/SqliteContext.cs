using Microsoft.EntityFrameworkCore;
using SensorDash.Data.Storage;

namespace SensorDash.Migrations.Sqlite;

/// <summary>The schema on SQLite. A separate type because EF keeps one migration history per context type.</summary>
public sealed class SqliteContext(DbContextOptions<SqliteContext> options) : SensorDashContext(options);
