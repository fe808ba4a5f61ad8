namespace SensorDash.Data.Access;

/// <summary>A key that signs forms and cookies; kept with the store, so that several web processes share it.</summary>
public sealed class ProtectionKey
{
    public const int NameLength = 100;

    public required string Name { get; set; }

    /// <summary>As the framework writes it.</summary>
    public required string Xml { get; set; }
}
