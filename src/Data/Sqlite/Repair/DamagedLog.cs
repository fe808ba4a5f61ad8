using System.Buffers.Binary;

namespace SensorDash.Data.Sqlite.Repair;

/// <summary>The committed pages of a write-ahead log, also after a damaged one, where SQLite ends.</summary>
internal sealed class DamagedLog : IDisposable
{
    private const int HeaderBytes = 32, FrameHeaderBytes = 24;
    private const uint Magic = 0x377f0682; // With the lowest bit: checksums of big-endian words.

    private readonly FileStream _file;
    private readonly Dictionary<int, long> _pages = [];

    private DamagedLog(FileStream file) => _file = file;

    /// <summary>The log of a database; null without one.</summary>
    public static DamagedLog? Find(string database)
    {
        if (new FileInfo(database + "-wal") is not { Exists: true, Length: > HeaderBytes }) return null;
        var log = new DamagedLog(Open(database + "-wal"));
        try
        {
            log.Read();
            return log;
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    /// <summary>Opens a file that others may use.</summary>
    public static FileStream Open(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);

    /// <summary>Bytes of a page; 0 if the header is lost, and with it the log.</summary>
    public int PageBytes { get; private set; }

    /// <summary>Pages of the database after the last commit; 0 without one.</summary>
    public int Pages { get; private set; }

    /// <summary>Pages of the log that are damaged: their checksum is wrong, and others follow that were committed later.</summary>
    public int BadFrames { get; private set; }

    /// <summary>Reads a page; false if the log does not have it.</summary>
    public bool TryRead(int page, Span<byte> buffer)
        => buffer.Length == PageBytes && _pages.TryGetValue(page, out var offset) && RandomAccess.Read(_file.SafeFileHandle, buffer, offset) == buffer.Length;

    // A frame is checked with the checksum that the one before it has, so the frames after a damaged one still count. What no commit follows was never acknowledged. If only one follows
    // a bad frame, it is what a power failure left of the last transaction, which was not acknowledged either: the next one begins after it is synced.
    private void Read()
    {
        var header = new byte[HeaderBytes];
        if (RandomAccess.Read(_file.SafeFileHandle, header, 0) < HeaderBytes || (BinaryPrimitives.ReadUInt32BigEndian(header) & ~1u) != Magic || DamagedFile.Number(header, 8) is not (>= 512 and <= 65_536 and var pageBytes)) return;
        PageBytes = pageBytes;
        var frame = new byte[FrameHeaderBytes + pageBytes];
        var (isBigEndian, before) = ((header[3] & 1) == 1, header[24..32]);
        var (pending, bad, commitsAfterBad) = (new Dictionary<int, long>(), 0, 0);
        for (var at = (long)HeaderBytes; RandomAccess.Read(_file.SafeFileHandle, frame, at) == frame.Length; at += frame.Length)
        {
            if (!frame.AsSpan(8, 8).SequenceEqual(header.AsSpan(16, 8))) break; // Of an earlier use of the log.
            var isWhole = IsWhole(frame, before, isBigEndian);
            frame.AsSpan(16, 8).CopyTo(before);
            if (isWhole) pending[DamagedFile.Number(frame, 0)] = at + FrameHeaderBytes;
            else bad++;
            if (!isWhole || DamagedFile.Number(frame, 4) is not (> 0 and var pages) || (bad > 0 && ++commitsAfterBad < 2)) continue;
            foreach (var (page, offset) in pending) _pages[page] = offset;
            (Pages, BadFrames) = (pages, BadFrames + bad);
            pending.Clear();
            (bad, commitsAfterBad) = (0, 0);
        }
    }

    private static bool IsWhole(ReadOnlySpan<byte> frame, ReadOnlySpan<byte> before, bool isBigEndian)
    {
        var (one, two) = (BinaryPrimitives.ReadUInt32BigEndian(before), BinaryPrimitives.ReadUInt32BigEndian(before[4..]));
        Add(frame[..8]);
        Add(frame[FrameHeaderBytes..]);
        return one == BinaryPrimitives.ReadUInt32BigEndian(frame[16..]) && two == BinaryPrimitives.ReadUInt32BigEndian(frame[20..]);

        void Add(ReadOnlySpan<byte> bytes)
        {
            for (; bytes.Length >= 8; bytes = bytes[8..])
            {
                one = unchecked(one + Word(bytes) + two);
                two = unchecked(two + Word(bytes[4..]) + one);
            }
        }

        uint Word(ReadOnlySpan<byte> bytes) => isBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    public void Dispose() => _file.Dispose();
}
