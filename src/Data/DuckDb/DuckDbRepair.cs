using System.Globalization;
using System.Text.RegularExpressions;
using SensorDash.Data.Storage;

namespace SensorDash.Data.DuckDb;

/// <summary>Repairs what a power failure leaves: a log with a torn end, or a file that was not completed when it was created. Neither contains anything acknowledged.</summary>
internal static partial class DuckDbRepair
{
    public const string WalEnding = ".wal";

    // DuckDB's main header and its two database headers. A file with rows is longer.
    private const int HeaderSize = 4096;
    private const int Headers = 3 * HeaderSize;
    private const int MagicAt = 8;

    // Before the bytes of an entry: their count and their checksum.
    private const int EntryHeader = 16;

    // The entry that ends a transaction; it is always the same.
    private static readonly byte[] _commit = [5, 0, 0, 0, 0, 0, 0, 0, 0xe7, 0xfe, 0x7d, 0x72, 0x2f, 0xed, 0x3d, 0x5e, 0x64, 0, 0x64, 0xff, 0xff];

    /// <summary>Repairs a file that cannot be opened because of <paramref name="error"/>, if it is one of these cases. The caller opens it again.</summary>
    /// <returns>What was wrong and what was done, for users; null if nothing was changed.</returns>
    /// <exception cref="InvalidDataException">The log is corrupt before its end. The message says what to do.</exception>
    public static string? TryRepair(string path, DuckDbException error, TimeProvider clock)
    {
        if (error.Kind != DuckDbErrorKind.IO || !File.Exists(path)) return null;
        if (CorruptEntry().Match(error.Message) is { Success: true } corrupt)
            return CutLog(path + WalEnding, long.Parse(corrupt.Groups[1].Value, CultureInfo.InvariantCulture) - EntryHeader, clock);
        if (!IsUnfinished(path)) return null;
        return $"The DuckDB file was not completed when it was created, so it had no readings. It is renamed to {Name(FileAside.Move(path, clock, WalEnding))}, and a new one is created.";
    }

    private static string CutLog(string log, long end, TimeProvider clock)
    {
        using var file = new FileStream(log, FileMode.Open, FileAccess.ReadWrite);
        if (FindCommit(file, end) is >= 0 and var commit && commit + _commit.Length < file.Length)
        {
            throw new InvalidDataException($"The log {Name(log)} is corrupt at byte {end}, and complete transactions follow, so this is not the torn end that a power failure leaves. "
                + $"Restore a backup. Or, in its folder, copy the log, and give up what follows that byte: truncate --size={end} '{Name(log)}'.");
        }
        var aside = FileAside.Free(log, clock);
        file.Position = 0;
        DurableFile.Write(aside, file.CopyTo);
        var cut = file.Length - end;
        file.SetLength(end);
        file.Flush(flushToDisk: true);
        return $"A power failure left a torn end of the DuckDB log: its last {cut} bytes contained no complete transaction and are cut off. The whole log is kept as {Name(aside)}.";
    }

    // Where the first transaction from there on ends; negative: none does. A disk may write the end of a transaction before the rest of it, but not after the next one:
    // each is synced before the next begins.
    private static long FindCommit(FileStream file, long start)
    {
        file.Position = start;
        var rest = new byte[file.Length - start];
        file.ReadExactly(rest);
        return rest.AsSpan().IndexOf(_commit) is >= 0 and var at ? start + at : -1;
    }

    private static bool IsUnfinished(string path)
    {
        using var file = File.OpenRead(path);
        if (file.Length > Headers) return false;
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        var isDuckDb = bytes.AsSpan(Math.Min(MagicAt, bytes.Length)).StartsWith("DUCK"u8);
        var isStarted = bytes.Length < Headers || !bytes.AsSpan(HeaderSize).ContainsAnyExcept((byte)0);
        if (!isStarted || !(isDuckDb || !bytes.AsSpan().ContainsAnyExcept((byte)0))) return false;
        if (!File.Exists(path + WalEnding)) return true;
        using var log = File.OpenRead(path + WalEnding);
        return FindCommit(log, 0) < 0;
    }

    // Users read it in responses, which contain no folders of the server.
    private static string Name(string path) => Path.GetFileName(path);

    [GeneratedRegex(@"Corrupt WAL file: entry at byte position (\d+)")]
    private static partial Regex CorruptEntry();
}
