using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;
using SensorDash.Data.Events;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Migrations.Timescale;

/// <summary>The schema on PostgreSQL. A separate type because EF keeps one migration history per context type.</summary>
public sealed class TimescaleContext(DbContextOptions<TimescaleContext> options) : SensorDashContext(options)
{
    private const string Json = "jsonb";

    // Integers on the other engines, timestamptz here: psql, Grafana, time_bucket and policies by interval understand it (ADR 0023).
    private static readonly string[] _inSeconds = ["Timestamp", "ReceivedAt", "FirstSeenAt", "LastSeenAt", "LastReceivedAt", "LastReceivedTimestamp", "UpdatedAt", "FirstTimestamp", "LastTimestamp", "RemovedBefore"];
    private static readonly string[] _inMicroseconds =
        ["CommittedAt", "SourceTruthTime", "CanonicalTruthTime", "FirstSeen", "EffectiveTime", "FirstCanonicalTime", "LastCanonicalTime", "AcceptedAt", "PromotedAt", "ReadingsPromotedAt",
        "CreatedAt", "ExpiresAt", "LastUsedAt", "RevokedAt", "LastSignInAt", "LockedUntil", "At",
        "MetadataEdge", "CommandEdge", "UiEdge", "ParsedEdge", "RawEdge"];

    private static readonly ValueConverter<long, DateTime> _seconds = new(
        value => DateTime.UnixEpoch.AddTicks(value * TimeSpan.TicksPerSecond), time => (time.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond);

    private static readonly ValueConverter<long, DateTime> _microseconds = new(
        value => DateTime.UnixEpoch.AddTicks(value * TimeSpan.TicksPerMicrosecond), time => (time.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond);

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
            foreach (var property in entity.GetProperties())
            {
                if (_inSeconds.Contains(property.Name) && entity.ClrType != typeof(Follower)) property.SetValueConverter(_seconds);
                if (_inMicroseconds.Contains(property.Name) || (property.Name == nameof(Follower.LastSeenAt) && entity.ClrType == typeof(Follower))) property.SetValueConverter(_microseconds);
            }
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
        modelBuilder.Entity<ParsedEventRow>().Property(r => r.Payload).HasColumnType(Json);
        modelBuilder.Entity<UiEventRow>().Property(r => r.Data).HasColumnType(Json);
        modelBuilder.Entity<CommandEventRow>().Property(r => r.Payload).HasColumnType(Json);
        modelBuilder.Entity<MetadataEventRow>().Property(r => r.Payload).HasColumnType(Json);
    }
}
