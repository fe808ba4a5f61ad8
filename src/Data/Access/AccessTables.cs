using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace SensorDash.Data.Access;

internal sealed class UserTable : IEntityTypeConfiguration<User>
{
    private const int RoleLength = 8, HashLength = 200;

    public void Configure(EntityTypeBuilder<User> builder)
    {
        builder.ToTable("users").HasKey(u => u.Id);
        builder.Property(u => u.Name).HasMaxLength(User.NameLength);
        builder.HasIndex(u => u.Name).IsUnique().HasDatabaseName("ix_users_name");
        builder.Property(u => u.Role).HasConversion(Words<UserRole>()).HasMaxLength(RoleLength);
        builder.Property(u => u.PasswordHash).HasMaxLength(HashLength);
    }

    /// <summary>An enumeration as words in lower case.</summary>
    public static ValueConverter<T, string> Words<T>()
        where T : struct, Enum
        => new(value => value.ToString().ToLowerInvariant(), text => Enum.Parse<T>(text, true));
}

internal sealed class SessionTable : IEntityTypeConfiguration<Session>
{
    private const int IdLength = 32;

    public void Configure(EntityTypeBuilder<Session> builder)
    {
        builder.ToTable("sessions").HasKey(s => s.Id);
        builder.Property(s => s.Id).HasMaxLength(IdLength);
        builder.HasOne<User>().WithMany().HasForeignKey(s => s.UserId).OnDelete(DeleteBehavior.Cascade);
        builder.HasIndex(s => s.UserId).HasDatabaseName("ix_sessions_user_id");
    }
}

internal sealed class ApiKeyTable : IEntityTypeConfiguration<ApiKey>
{
    private const int HashLength = 32, ScopesLength = 30;

    public void Configure(EntityTypeBuilder<ApiKey> builder)
    {
        builder.ToTable("api_keys").HasKey(k => k.Id);
        builder.Property(k => k.Name).HasMaxLength(ApiKey.NameLength);
        builder.Property(k => k.Prefix).HasMaxLength(ApiKey.PrefixLength);
        builder.HasIndex(k => k.Prefix).IsUnique().HasDatabaseName("ix_api_keys_prefix");
        builder.Property(k => k.Hash).HasMaxLength(HashLength);
        builder.Property(k => k.Scopes).HasConversion(UserTable.Words<KeyScopes>()).HasMaxLength(ScopesLength);
        builder.Property(k => k.EventScopes).HasMaxLength(ApiKey.LimitLength);
        builder.Property(k => k.Nodes).HasMaxLength(ApiKey.LimitLength);
        builder.Property(k => k.CreatedBy).HasMaxLength(User.NameLength);
    }
}

internal sealed class AuditEntryTable : IEntityTypeConfiguration<AuditEntry>
{
    private const int OutcomeLength = 7;

    public void Configure(EntityTypeBuilder<AuditEntry> builder)
    {
        builder.ToTable("audit_entries").HasKey(a => a.Id);
        builder.HasIndex(a => a.At).HasDatabaseName("ix_audit_entries_at");
        builder.Property(a => a.Actor).HasMaxLength(AuditEntry.NameLength);
        builder.Property(a => a.Address).HasMaxLength(AuditEntry.AddressLength);
        builder.Property(a => a.Action).HasMaxLength(AuditEntry.ActionLength);
        builder.Property(a => a.Target).HasMaxLength(AuditEntry.TextLength);
        builder.Property(a => a.Outcome).HasConversion(UserTable.Words<AuditOutcome>()).HasMaxLength(OutcomeLength);
        builder.Property(a => a.Detail).HasMaxLength(AuditEntry.TextLength);
    }
}

internal sealed class ProtectionKeyTable : IEntityTypeConfiguration<ProtectionKey>
{
    public void Configure(EntityTypeBuilder<ProtectionKey> builder)
    {
        builder.ToTable("protection_keys").HasKey(k => k.Name);
        builder.Property(k => k.Name).HasMaxLength(ProtectionKey.NameLength);
    }
}
