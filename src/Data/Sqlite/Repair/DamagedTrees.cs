using System.Buffers.Binary;
using System.Text;

namespace SensorDash.Data.Sqlite.Repair;

/// <summary>Receives a row: its row id (0 in a table without), and its values: null, long, double, string or byte[].</summary>
internal delegate void VisitRecord(long rowId, object?[] values);

/// <summary>Reads the rows of tables page by page: a page that cannot be read costs its own rows only.</summary>
internal sealed class DamagedTrees(DamagedFile file)
{
    private const byte InteriorIndex = 2, InteriorTable = 5, LeafIndex = 10, LeafTable = 13;

    private const int MaxPayload = 64 << 20; // More than any row has.

    private static readonly UTF8Encoding _strict = new(false, throwOnInvalidBytes: true);

    private readonly HashSet<int> _seen = [];
    private readonly byte[] _overflow = new byte[file.PageBytes];

    /// <summary>Pages of trees that are not what they must be.</summary>
    public int BadPages { get; private set; }

    /// <summary>Rows that cannot be read on pages that can.</summary>
    public long BadRows { get; private set; }

    /// <summary>Reads a tree from its root.</summary>
    /// <returns>Whether every page of it could be read.</returns>
    public bool Visit(int root, VisitRecord visit, CancellationToken cancellationToken)
    {
        var (before, buffer, open) = (BadPages + BadRows, new byte[file.PageBytes], new Stack<int>([root]));
        while (open.TryPop(out var page))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!_seen.Add(page)) continue;
            if (!file.TryRead(page, buffer) || !TryVisitPage(page, buffer, visit, open)) BadPages++;
        }
        return BadPages + BadRows == before;
    }

    /// <summary>Reads the pages to which no tree leads: the page that did is lost.</summary>
    /// <param name="free">Pages with what was deleted.</param>
    /// <param name="visit">Receives the rows, and whether the page is of a table with row ids.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    public void VisitOrphans(HashSet<int> free, Action<bool, long, object?[]> visit, CancellationToken cancellationToken)
    {
        var (buffer, badRows) = (new byte[file.PageBytes], BadRows);
        for (var page = 2; page <= file.Count; page++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (_seen.Contains(page) || free.Contains(page) || !file.TryRead(page, buffer) || buffer[0] is not (InteriorIndex or LeafIndex or LeafTable)) continue;
            var isTable = buffer[0] == LeafTable;
            // Its children are looked at by themselves.
            TryVisitPage(page, buffer, (rowId, values) => visit(isTable, rowId, values), new());
        }
        BadRows = badRows; // It may have been the rest of a long row.
    }

    private bool TryVisitPage(int number, ReadOnlySpan<byte> page, VisitRecord visit, Stack<int> children)
    {
        var start = number == 1 ? DamagedFile.HeaderBytes : 0;
        var kind = page[start];
        if (kind is not (InteriorIndex or InteriorTable or LeafIndex or LeafTable)) return false;
        var isInterior = kind is InteriorIndex or InteriorTable;
        var (cells, pointers) = (BinaryPrimitives.ReadUInt16BigEndian(page[(start + 3)..]), start + (isInterior ? 12 : 8));
        if (pointers + (2 * cells) > file.UsableBytes) return false;
        if (isInterior) Push(DamagedFile.Number(page, start + 8), children);
        for (var i = 0; i < cells; i++)
        {
            int at = BinaryPrimitives.ReadUInt16BigEndian(page[(pointers + (2 * i))..]);
            if (at < pointers + (2 * cells) || at > file.UsableBytes - 4 || !TryVisitCell(page[at..file.UsableBytes], kind, visit, children)) BadRows++;
        }
        return true;
    }

    private static void Push(int page, Stack<int> children)
    {
        if (page > 0) children.Push(page);
    }

    private bool TryVisitCell(ReadOnlySpan<byte> cell, byte kind, VisitRecord visit, Stack<int> children)
    {
        if (kind is InteriorIndex or InteriorTable)
        {
            Push(DamagedFile.Number(cell, 0), children);
            cell = cell[4..];
        }
        if (kind == InteriorTable) return true;
        var rowId = 0L;
        if (!TryVarint(ref cell, out var length) || length is < 1 or > MaxPayload || (kind == LeafTable && !TryVarint(ref cell, out rowId))) return false;
        if (!TryPayload(cell, (int)length, kind == LeafTable, out var payload) || !TryRecord(payload, out var values)) return false;
        visit(rowId, values);
        return true;
    }

    private bool TryPayload(ReadOnlySpan<byte> cell, int length, bool isTable, out ReadOnlySpan<byte> payload)
    {
        var usable = file.UsableBytes;
        var max = isTable ? usable - 35 : ((usable - 12) * 64 / 255) - 23;
        payload = default;
        if (length <= max)
        {
            if (cell.Length < length) return false;
            payload = cell[..length];
            return true;
        }
        var min = ((usable - 12) * 32 / 255) - 23;
        var here = min + ((length - min) % (usable - 4));
        if (here > max) here = min;
        if (cell.Length < here + 4) return false;
        var (whole, filled, next) = (new byte[length], here, DamagedFile.Number(cell, here));
        cell[..here].CopyTo(whole);
        while (filled < length)
        {
            // A page that something else leads to is not the rest of this row.
            if (!file.TryRead(next, _overflow) || !_seen.Add(next)) return false;
            var count = Math.Min(length - filled, usable - 4);
            _overflow.AsSpan(4, count).CopyTo(whole.AsSpan(filled));
            (filled, next) = (filled + count, DamagedFile.Number(_overflow, 0));
        }
        payload = whole;
        return true;
    }

    private static bool TryRecord(ReadOnlySpan<byte> payload, out object?[] values)
    {
        values = [];
        var types = payload;
        if (!TryVarint(ref types, out var headerLength) || headerLength < 1 || headerLength > payload.Length) return false;
        var body = payload[(int)headerLength..];
        types = payload[(payload.Length - types.Length)..(int)headerLength];
        var read = new List<object?>();
        while (types.Length > 0)
        {
            if (!TryVarint(ref types, out var type) || !TryValue(ref body, type, out var value)) return false;
            read.Add(value);
        }
        values = [.. read];
        return body.Length == 0;
    }

    private static bool TryValue(ref ReadOnlySpan<byte> body, long type, out object? value)
    {
        value = null;
        var length = type switch { 0 or 8 or 9 => 0, >= 1 and <= 4 => type, 5 => 6, 6 or 7 => 8, >= 12 => (type - 12) / 2, _ => -1 };
        if (length < 0 || length > body.Length) return false;
        var bytes = body[..(int)length];
        body = body[(int)length..];
        try
        {
            value = type switch
            {
                0 => null,
                8 or 9 => type - 8,
                7 => BinaryPrimitives.ReadDoubleBigEndian(bytes),
                < 7 => Whole(bytes),
                _ => type % 2 == 0 ? bytes.ToArray() : _strict.GetString(bytes),
            };
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    private static long Whole(ReadOnlySpan<byte> bytes)
    {
        var value = (long)(sbyte)bytes[0];
        foreach (var next in bytes[1..]) value = (value << 8) | next;
        return value;
    }

    private static bool TryVarint(ref ReadOnlySpan<byte> bytes, out long value)
    {
        value = 0;
        for (var i = 0; i < Math.Min(9, bytes.Length); i++)
        {
            if (i == 8)
            {
                value = (value << 8) | bytes[8];
                bytes = bytes[9..];
                return true;
            }
            value = (value << 7) | (uint)(bytes[i] & 0x7f);
            if (bytes[i] >= 0x80) continue;
            bytes = bytes[(i + 1)..];
            return true;
        }
        return false;
    }
}
