using System.Buffers.Binary;

namespace SensorDash.Data.Sqlite.Repair;

/// <summary>The pages of a SQLite file that SQLite itself cannot read any more, with the committed pages of its write-ahead log. Nothing is written.</summary>
/// <remarks>The format is that of https://www.sqlite.org/fileformat2.html.</remarks>
internal sealed class DamagedFile : IDisposable
{
    /// <summary>Bytes of the header at the beginning of the first page.</summary>
    public const int HeaderBytes = 100;

    private const int DefaultPageBytes = 4096;

    // Enough to tell the two sizes of pages that SensorDash uses, however much of the file is damaged.
    private const int PagesToLookAt = 1_000;

    private readonly FileStream _file;
    private readonly DamagedLog? _log;

    public DamagedFile(string path)
    {
        _file = DamagedLog.Open(path);
        try
        {
            Span<byte> header = stackalloc byte[HeaderBytes];
            HasHeader = RandomAccess.Read(_file.SafeFileHandle, header, 0) == HeaderBytes && header.StartsWith("SQLite format 3\0"u8) && PageBytesOf(header) > 0;
            PageBytes = HasHeader ? PageBytesOf(header) : GuessPageBytes();
            UsableBytes = PageBytes - (HasHeader ? header[20] : 0);
            Count = (int)Math.Min(int.MaxValue, _file.Length / PageBytes);
            if (DamagedLog.Find(path) is not { } log) return;
            _log = log;
            if (log.PageBytes != PageBytes) return; // Its header is lost.
            if (log.Pages > 0) Count = log.Pages;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Whether the file begins as a SQLite file does; without it nobody knows which pages are free.</summary>
    public bool HasHeader { get; }

    public int PageBytes { get; }

    /// <summary>Bytes of a page without those that are reserved at its end.</summary>
    public int UsableBytes { get; }

    /// <summary>The number of the last page; the first is 1.</summary>
    public int Count { get; }

    /// <inheritdoc cref="DamagedLog.BadFrames"/>
    public int BadFrames => _log?.BadFrames ?? 0;

    /// <summary>Reads a page; false if there is none of that number.</summary>
    public bool TryRead(int page, Span<byte> buffer)
    {
        if (page < 1 || page > Count) return false;
        return _log?.TryRead(page, buffer[..PageBytes]) == true || RandomAccess.Read(_file.SafeFileHandle, buffer[..PageBytes], (long)(page - 1) * PageBytes) == PageBytes;
    }

    /// <summary>The pages that are free: what they hold was deleted.</summary>
    public HashSet<int> ReadFree()
    {
        var (free, page) = (new HashSet<int>(), new byte[PageBytes]);
        if (!HasHeader || !TryRead(1, page)) return free;
        for (var trunk = Number(page, 32); trunk > 0 && TryRead(trunk, page) && free.Add(trunk); trunk = Number(page, 0))
        {
            var leaves = Number(page, 4);
            if (leaves < 0 || leaves > (UsableBytes / 4) - 2) break;
            for (var i = 0; i < leaves; i++) free.Add(Number(page, 8 + (4 * i)));
        }
        return free;
    }

    internal static int Number(ReadOnlySpan<byte> page, int at) => BinaryPrimitives.ReadInt32BigEndian(page[at..]);

    // Most pages begin with the kind of a node of a tree; of a file with larger pages, every eighth small one would.
    private int GuessPageBytes()
    {
        var (pages, trees) = (Math.Min(PagesToLookAt, _file.Length / SqliteDatabase.SmallPageBytes), 0);
        Span<byte> kind = stackalloc byte[1];
        for (var page = 1; page < pages; page++)
            if (RandomAccess.Read(_file.SafeFileHandle, kind, (long)page * SqliteDatabase.SmallPageBytes) == 1 && kind[0] is 2 or 5 or 10 or 13) trees++;
        return trees > pages / 2 ? SqliteDatabase.SmallPageBytes : DefaultPageBytes;
    }

    private static int PageBytesOf(ReadOnlySpan<byte> header)
    {
        var bytes = BinaryPrimitives.ReadUInt16BigEndian(header[16..]) is var value && value == 1 ? 65_536 : value;
        return bytes >= 512 && (bytes & (bytes - 1)) == 0 ? bytes : 0;
    }

    public void Dispose()
    {
        _log?.Dispose();
        _file.Dispose();
    }
}
