namespace SensorDash.Data.Storage;

/// <summary>What became of a row that was sent.</summary>
public enum RowOutcome
{
    /// <summary>It is stored.</summary>
    Inserted,

    /// <summary>The same row is stored already, or stands earlier in the batch.</summary>
    Duplicate,

    /// <summary>A command request whose requestId was accepted in its scope already; not stored.</summary>
    AlreadyAccepted,
}
