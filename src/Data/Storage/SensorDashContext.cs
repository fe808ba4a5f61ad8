using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using SensorDash.Data.Events;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;

namespace SensorDash.Data.Storage;

/// <summary>The schema, and the way to the small tables. Readings are written and read by <see cref="IReadingStore"/>, events by <see cref="IEventStore"/>.</summary>
public abstract partial class SensorDashContext(DbContextOptions options) : DbContext(options)
{
    public DbSet<Node> Nodes => Set<Node>();

    public DbSet<NodeMetadata> NodeMetadata => Set<NodeMetadata>();

    public DbSet<Zone> Zones => Set<Zone>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Node>(node =>
        {
            node.ToTable("nodes").HasKey(n => n.Address);
            node.Property(n => n.Address).ValueGeneratedNever();
            node.Property(n => n.NodeType).HasMaxLength(32);
        });
        modelBuilder.Entity<Zone>(zone =>
        {
            zone.ToTable("zones").HasKey(z => z.Id);
            zone.Property(z => z.Name).HasMaxLength(Zone.NameLength);
            zone.Property(z => z.Color).HasMaxLength(7);
            zone.Property(z => z.Description).HasMaxLength(Zone.DescriptionLength);
        });
        modelBuilder.Entity<NodeMetadata>(metadata =>
        {
            metadata.ToTable("node_metadata").HasKey(m => m.Address);
            metadata.Property(m => m.Address).ValueGeneratedNever();
            metadata.Property(m => m.Name).HasMaxLength(Data.Nodes.NodeMetadata.NameLength);
            metadata.Property(m => m.Location).HasMaxLength(Data.Nodes.NodeMetadata.LocationLength);
            metadata.Property(m => m.Notes).HasMaxLength(Data.Nodes.NodeMetadata.NotesLength);
            metadata.HasOne<Zone>().WithMany().HasForeignKey(m => m.ZoneId).OnDelete(DeleteBehavior.SetNull);
            metadata.HasIndex(m => m.ZoneId).HasDatabaseName("ix_node_metadata_zone_id");
        });
        modelBuilder.Entity<ReadingRow>(reading =>
        {
            reading.ToTable("sensor_readings").HasKey(r => new { r.NodeAddress, r.Timestamp });
            // Lists and exports go newest first with ties by node. Read backward this index is in that order, and new rows go to its end.
            reading.HasIndex(r => new { r.Timestamp, r.NodeAddress }).IsDescending(false, true)
                .HasDatabaseName("ix_sensor_readings_timestamp");
            reading.HasIndex(r => r.BatchId).HasDatabaseName("ix_sensor_readings_batch_id");
        });
        modelBuilder.Entity<IngestBatch>(batch =>
        {
            batch.ToTable("ingest_batches").HasKey(b => b.Id);
            batch.Property(b => b.Id).ValueGeneratedNever();
        });
        modelBuilder.AddEvents();
        foreach (var entity in modelBuilder.Model.GetEntityTypes())
            foreach (var property in entity.GetProperties())
                property.SetColumnName(WordStart().Replace(property.Name, "_$0").ToLowerInvariant());
    }

    [GeneratedRegex("(?<!^)[A-Z]")]
    private static partial Regex WordStart();
}
