using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SensorDash.Data.Readings;

internal sealed class ReadingTable : IEntityTypeConfiguration<ReadingRow>
{
    public void Configure(EntityTypeBuilder<ReadingRow> builder)
    {
        builder.ToTable("sensor_readings").HasKey(r => new { r.NodeAddress, r.Timestamp });
        // Lists and exports are newest first with ties by node. A backward scan of this index has that order, and new rows are at its end.
        builder.HasIndex(r => new { r.Timestamp, r.NodeAddress }).IsDescending(false, true).HasDatabaseName("ix_sensor_readings_timestamp");
    }
}

internal sealed class IngestBatchTable : IEntityTypeConfiguration<IngestBatch>
{
    public void Configure(EntityTypeBuilder<IngestBatch> builder)
    {
        builder.ToTable("ingest_batches").HasKey(b => b.Id);
        builder.Property(b => b.Id).ValueGeneratedNever();
    }
}
