using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SensorDash.Data.Nodes;

internal sealed class NodeTable : IEntityTypeConfiguration<Node>
{
    public void Configure(EntityTypeBuilder<Node> builder)
    {
        builder.ToTable("nodes").HasKey(n => n.Address);
        builder.Property(n => n.Address).ValueGeneratedNever();
        builder.Property(n => n.NodeType).HasMaxLength(32);
    }
}

internal sealed class ZoneTable : IEntityTypeConfiguration<Zone>
{
    public void Configure(EntityTypeBuilder<Zone> builder)
    {
        builder.ToTable("zones").HasKey(z => z.Id);
        builder.Property(z => z.Name).HasMaxLength(Zone.NameLength);
        builder.Property(z => z.Color).HasMaxLength(7);
        builder.Property(z => z.Description).HasMaxLength(Zone.DescriptionLength);
    }
}

internal sealed class NodeMetadataTable : IEntityTypeConfiguration<NodeMetadata>
{
    public void Configure(EntityTypeBuilder<NodeMetadata> builder)
    {
        builder.ToTable("node_metadata").HasKey(m => m.Address);
        builder.Property(m => m.Address).ValueGeneratedNever();
        builder.Property(m => m.Name).HasMaxLength(NodeMetadata.NameLength);
        builder.Property(m => m.Location).HasMaxLength(NodeMetadata.LocationLength);
        builder.Property(m => m.Notes).HasMaxLength(NodeMetadata.NotesLength);
        builder.HasOne<Zone>().WithMany().HasForeignKey(m => m.ZoneId).OnDelete(DeleteBehavior.SetNull);
        builder.HasIndex(m => m.ZoneId).HasDatabaseName("ix_node_metadata_zone_id");
    }
}
