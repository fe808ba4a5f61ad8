using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SensorDash.Data.Events;

internal sealed class EventIndexTable : IEntityTypeConfiguration<EventIndexRow>
{
    public void Configure(EntityTypeBuilder<EventIndexRow> builder)
    {
        // Not the id alone: decision 3.
        builder.ToTable("event_index").HasKey(r => new { r.SourceTruthTime, r.EventId });
        builder.Property(r => r.EventId).HasMaxLength(EventId.Length);
    }
}

internal sealed class CommandRequestTable : IEntityTypeConfiguration<CommandRequestRow>
{
    public void Configure(EntityTypeBuilder<CommandRequestRow> builder)
    {
        // A separate table: a unique key of a table that is partitioned by time must contain the time.
        builder.ToTable("command_requests").HasKey(r => new { r.ScopeId, r.RequestId });
        builder.HasIndex(r => r.AcceptedAt).HasDatabaseName("ix_command_requests_accepted_at");
        builder.Property(r => r.EventId).HasMaxLength(EventId.Length);
    }
}

internal sealed class EventBatchTable : IEntityTypeConfiguration<EventBatchRow>
{
    public void Configure(EntityTypeBuilder<EventBatchRow> builder)
    {
        builder.ToTable("event_batches").HasKey(r => r.Id);
        builder.Property(r => r.Id).ValueGeneratedNever();
        // For a stream that goes on after a position (ADR 0028).
        builder.HasIndex(r => r.LastCanonicalTime).HasDatabaseName("ix_event_batches_last_canonical_time");
    }
}

// The keys of the lanes are the order of the contract by the store's time; one index per lane is the order by the producer's time.
internal sealed class RawEventTable : IEntityTypeConfiguration<RawEventRow>
{
    public void Configure(EntityTypeBuilder<RawEventRow> builder)
    {
        builder.ToTable("raw_events").HasKey(r => new { r.CanonicalTruthTime, r.ConnectionId, r.Sequence, r.EventId });
        builder.HasIndex(r => new { r.SourceTruthTime, r.ConnectionId, r.Sequence, r.EventId }).HasDatabaseName("ix_raw_events_source_order");
        builder.Property(r => r.EventId).HasMaxLength(EventId.Length);
    }
}

internal abstract class LaneRowTable<TRow>(string table) : IEntityTypeConfiguration<TRow>
    where TRow : LaneRow
{
    public virtual void Configure(EntityTypeBuilder<TRow> builder)
    {
        builder.ToTable(table).HasKey(r => new { r.CanonicalTruthTime, r.EventId });
        builder.HasIndex(r => new { r.SourceTruthTime, r.EventId }).HasDatabaseName($"ix_{table}_source_order");
        builder.Property(r => r.EventId).HasMaxLength(EventId.Length);
    }
}

internal sealed class ParsedEventTable() : LaneRowTable<ParsedEventRow>("parsed_events");

internal sealed class CommandEventTable() : LaneRowTable<CommandEventRow>("command_events");

internal sealed class MetadataEventTable() : LaneRowTable<MetadataEventRow>("metadata_events");

internal sealed class UiEventTable() : LaneRowTable<UiEventRow>("ui_events")
{
    public override void Configure(EntityTypeBuilder<UiEventRow> builder)
    {
        base.Configure(builder);
        // Queries of a view's state filter by these columns only; without the index each query scans the lane. By source time it costs too much (ADR 0011).
        builder.HasIndex(r => new { r.SystemId, r.ContainerId, r.UniqueId, r.ViewId, r.CanonicalTruthTime, r.EventId }).HasDatabaseName("ix_ui_events_view_order");
    }
}
