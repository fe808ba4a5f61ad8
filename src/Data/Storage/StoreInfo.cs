namespace SensorDash.Data.Storage;

/// <summary>What identifies a store; one row.</summary>
public sealed class StoreInfo
{
    /// <summary>Always 1.</summary>
    public int Id { get; set; }

    /// <summary>Eight lower-case hexadecimal digits, made with the schema. A restore makes a new one: positions of the former history then mean nothing.</summary>
    public string Epoch { get; set; } = "";
}
