using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using SensorDash.Data.Events;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Migrations.Timescale;

/// <summary>The schema on PostgreSQL. A separate type because EF keeps one migration history per context type.</summary>
public sealed class TimescaleContext(DbContextOptions<TimescaleContext> options) : SensorDashContext(options)
{
    private const string Json = "jsonb";

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
        modelBuilder.Entity<ReadingRow>(reading =>
        {
            reading.ToTable("sensor_readings", table =>
            {
                table.HasCheckConstraint("ck_sensor_readings_node_address", "node_address > 0");
                table.HasCheckConstraint("ck_sensor_readings_humidity", "humidity_centipercent BETWEEN 0 AND 10000");
                table.HasCheckConstraint("ck_sensor_readings_value", "temperature_centidegrees IS NOT NULL OR humidity_centipercent IS NOT NULL");
            });
            // Rows are stored in the order of their batches: a BRIN index finds them and costs the insert almost nothing (ADR 0009).
            reading.HasIndex(r => r.BatchId).HasDatabaseName("ix_sensor_readings_batch_id").HasMethod("brin").HasStorageParameter("autosummarize", true);
        });
        ConfigureEvents(modelBuilder);
        foreach (var entity in modelBuilder.Model.GetEntityTypes())
        {
            foreach (var key in entity.GetKeys()) key.SetName("pk_" + entity.GetTableName());
            foreach (var foreign in entity.GetForeignKeys()) foreign.SetConstraintName($"fk_{entity.GetTableName()}_{foreign.Properties[0].GetColumnName()}");
            // The sort order of SQLite, independent of the database's locale.
            foreach (var text in entity.GetProperties().Where(p => p.ClrType == typeof(string) && p.GetColumnType() != Json)) text.SetCollation("C");
        }
    }

    // No lane has an index of batches: the canonical times of a batch are a range of the key (ADR 0011).
    private static void ConfigureEvents(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<EventIndexRow>(row =>
        {
            row.ToTable("event_index", table =>
            {
                table.HasCheckConstraint("ck_event_index_event_id", "length(event_id) = 32");
                table.HasCheckConstraint("ck_event_index_lane", "lane BETWEEN 0 AND 4");
            });
            row.Property(r => r.Lane).HasColumnType("smallint");
        });
        modelBuilder.Entity<RawEventRow>(row => row.ToTable("raw_events", table => table.HasCheckConstraint("ck_raw_events_sequence", "sequence >= 0")));
        ConfigureContent<ParsedEventRow>(modelBuilder, "parsed_events", r => r.Payload);
        ConfigureContent<UiEventRow>(modelBuilder, "ui_events", r => r.Data);
        ConfigureContent<CommandEventRow>(modelBuilder, "command_events", r => r.Payload);
        ConfigureContent<MetadataEventRow>(modelBuilder, "metadata_events", r => r.Payload);
    }

    private static void ConfigureContent<TRow>(ModelBuilder modelBuilder, string table, Expression<Func<TRow, string?>> content)
        where TRow : LaneRow
        => modelBuilder.Entity<TRow>(row =>
        {
            row.Property(content).HasColumnType(Json);
            row.HasIndex(Expression.Lambda<Func<TRow, object?>>(content.Body, content.Parameters)).HasDatabaseName($"ix_{table}_content")
                .HasMethod("gin").HasOperators("jsonb_path_ops");
        });
}
