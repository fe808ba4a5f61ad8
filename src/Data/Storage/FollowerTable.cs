using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SensorDash.Data.Storage;

internal sealed class FollowerTable : IEntityTypeConfiguration<Follower>
{
    public void Configure(EntityTypeBuilder<Follower> builder)
    {
        builder.ToTable("followers").HasKey(f => new { f.Feed, f.Name });
        builder.Property(f => f.Feed).HasMaxLength(10);
        builder.Property(f => f.Name).HasMaxLength(Follower.MaxNameLength);
    }
}
