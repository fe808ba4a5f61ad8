using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;

namespace SensorDash.Data.Storage;

/// <summary>The schema, and the way to the small tables. Each table is configured in the folder of what it holds; the large ones are written and read by their stores.</summary>
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
