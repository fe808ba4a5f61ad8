using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;

namespace SensorDash.Data.Storage;

/// <summary>The schema and access to the small tables. The folder of each entity configures its table; stores write and read the large tables.</summary>
public abstract partial class SensorDashContext(DbContextOptions options) : DbContext(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.ApplyConfigurationsFromAssembly(typeof(SensorDashContext).Assembly);
        foreach (var entity in modelBuilder.Model.GetEntityTypes())
            foreach (var property in entity.GetProperties())
                property.SetColumnName(WordStart().Replace(property.Name, "_$0").ToLowerInvariant());
    }

    [GeneratedRegex("(?<!^)[A-Z]")]
    private static partial Regex WordStart();
}
