using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace SensorDash.Data.Storage;

internal sealed class StoreInfoTable : IEntityTypeConfiguration<StoreInfo>
{
    /// <summary>The number of digits.</summary>
    public const int EpochLength = 8;

    private const int RoleLength = 9;

    private static readonly ValueConverter<StoreRole, string> _role = new(
        role => role == StoreRole.Primary ? "primary" : role == StoreRole.Secondary ? "secondary" : "retired",
        text => text == "primary" ? StoreRole.Primary : text == "secondary" ? StoreRole.Secondary : StoreRole.Retired);

    public void Configure(EntityTypeBuilder<StoreInfo> builder)
    {
        builder.ToTable("store_info").HasKey(i => i.Id);
        builder.Property(i => i.Id).ValueGeneratedNever();
        builder.Property(i => i.Epoch).HasMaxLength(EpochLength);
        builder.Property(i => i.ReadingsEpoch).HasMaxLength(EpochLength);
        builder.Property(i => i.Role).HasConversion(_role).HasMaxLength(RoleLength);
        builder.Property(i => i.ReadingsRole).HasConversion(_role).HasMaxLength(RoleLength);
        builder.Property(i => i.RemovedEvents).HasDefaultValue(0L);
        builder.Property(i => i.RemovedEventsHash).HasDefaultValue(0L);
    }
}
