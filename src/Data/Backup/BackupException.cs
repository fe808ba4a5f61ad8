namespace SensorDash.Data.Backup;

/// <summary>A backup cannot be made, is damaged, or must not be restored; the message says why and what to do.</summary>
public sealed class BackupException : Exception
{
    public BackupException()
    {
    }

    public BackupException(string message)
        : base(message)
    {
    }

    public BackupException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
