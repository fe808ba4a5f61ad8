using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SensorDash.Data.Storage;

internal sealed class StoreInfoTable : IEntityTypeConfiguration<StoreInfo>
{
    /// <summary>The number of digits.</summary>
    public const int EpochLength = 8;

    public void Configure(EntityTypeBuilder<StoreInfo> builder)
    {
        builder.ToTable("store_info").HasKey(i => i.Id);
        builder.Property(i => i.Id).ValueGeneratedNever();
        builder.Property(i => i.Epoch).HasMaxLength(EpochLength);
    }
}
