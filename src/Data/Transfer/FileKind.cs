using System.Text;

namespace SensorDash.Data.Transfer;

/// <summary>What a file is, by its first bytes.</summary>
public enum FileKind
{
    Sqlite,
    DuckDb,
    Csv,
    Gzip,
    Other,
}

/// <summary>Recognises files by their content.</summary>
public static class FileKinds
{
    private const int HeaderLength = 64;

    /// <exception cref="TransferException">The file cannot be read.</exception>
    public static FileKind Of(string path)
    {
        Span<byte> header = stackalloc byte[HeaderLength];
        int length;
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            length = file.ReadAtLeast(header, HeaderLength, throwOnEndOfStream: false);
        }
        catch (IOException) when (File.Exists(path + ".lock"))
        {
            return FileKind.Sqlite; // A running SensorDash holds it; whoever opens it says so.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TransferException($"{path} cannot be read: {e.Message}", e);
        }
        if (header.StartsWith("SQLite format 3\0"u8)) return FileKind.Sqlite;
        if (length >= 12 && header[8..12].SequenceEqual("DUCK"u8)) return FileKind.DuckDb;
        if (header.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b])) return FileKind.Gzip;
        return Encoding.UTF8.GetString(header[..length]).Contains("node_address", StringComparison.Ordinal) ? FileKind.Csv : FileKind.Other;
    }

    /// <summary>Opens an export of readings.</summary>
    /// <exception cref="TransferException">The file is not one.</exception>
    public static ITransferSource OpenCsv(string path, TimeProvider clock) => CsvSource.Open(path, clock);
}
