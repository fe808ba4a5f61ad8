using System.Globalization;
using System.IO.Compression;
using System.Text;
using SensorDash.Data.Events;
using SensorDash.Data.Ingest.Parsing;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;

namespace SensorDash.Data.Transfer;

/// <summary>A CSV file of an export of readings, in any of its notations. Its rows are in the order of time, forward or backward.</summary>
/// <remarks>One pass notes where every few thousandth line begins, so that a range is read without the lines before it.</remarks>
internal sealed class CsvSource : ITransferSource
{
    private const int LinesPerMark = 2_000;

    private readonly string _path; // Of the text.
    private readonly DirectoryInfo? _unpacked;
    private readonly TimeProvider _clock;
    private readonly char _separator;
    private readonly char _decimalMark;
    private readonly string[] _columns;
    private readonly List<(long Offset, long Line)> _marks = [];
    private readonly List<(long First, long Last)> _times = []; // Of the lines of each mark.
    private readonly SortedDictionary<int, ulong?> _nodes = [];
    private long _rows;
    private bool _isBackward;

    private CsvSource(string name, string path, DirectoryInfo? unpacked, char separator, char decimalMark, string[] columns, TimeProvider clock)
        => (Name, _path, _unpacked, _separator, _decimalMark, _columns, _clock) = (name, path, unpacked, separator, decimalMark, columns, clock);

    public string Kind => "export of readings (CSV)";

    public string Name { get; }

    /// <summary>Opens a file with a header of an export of readings. One that is compressed with gzip is unpacked into a temporary folder, because ranges of it are read.</summary>
    /// <exception cref="TransferException">It is not one.</exception>
    public static CsvSource Open(string path, TimeProvider clock)
    {
        path = Path.GetFullPath(path);
        if (FileKinds.Of(path) != FileKind.Gzip) return Open(path, path, null, clock);
        var folder = Directory.CreateTempSubdirectory("sensordash-transfer-");
        try
        {
            return Open(path, Unpack(path, Path.Combine(folder.FullName, "export.csv")), folder, clock);
        }
        catch
        {
            folder.Delete(recursive: true);
            throw;
        }
    }

    private static string Unpack(string path, string to)
    {
        try
        {
            using var packed = new GZipStream(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete), CompressionMode.Decompress);
            using var text = File.Create(to);
            packed.CopyTo(text);
            return to;
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            throw new TransferException($"{path} cannot be unpacked: {e.Message}", e);
        }
    }

    private static CsvSource Open(string name, string path, DirectoryInfo? unpacked, TimeProvider clock)
    {
        using var file = new LineReader(path, 0);
        var header = (file.Read() ?? "").TrimStart('\uFEFF');
        var separator = header.IndexOfAny([',', ';', '\t']) is >= 0 and var at ? header[at] : ',';
        string[] columns = [.. header.Split(separator).Select(c => c.Trim('"'))];
        foreach (var required in (string[])["node_address", "timestamp"])
            if (!columns.Contains(required)) throw new TransferException($"{name} is not an export of readings: its first line has no column {required}.");
        if (!columns.Any(c => c is "temperature_celsius" or "humidity_percent" or "temperature_raw" or "humidity_raw"))
            throw new TransferException($"{name} has no column with temperatures or humidities.");
        return new(name, path, unpacked, separator, separator == ',' ? '.' : ',', columns, clock);
    }

    public Task<TransferContents> InspectAsync(CancellationToken cancellationToken)
    {
        var rows = _rows;
        if (rows == 0)
        {
            using var file = new LineReader(_path, 0);
            file.Read();
            while (file.Read() is { } line)
            {
                if (line.Length > 0 && line[0] != '#') rows++;
                if (rows % 10_000 == 0) cancellationToken.ThrowIfCancellationRequested();
            }
        }
        string[] ignored = [.. _columns.Where(c => c is "node_name" or "location" or "zone")];
        List<string> notes = ignored.Length == 0 ? [] : [$"columns that are not carried over: {string.Join(", ", ignored)}"];
        if (!_columns.Contains("received_at")) notes.Add("the file has no column received_at: readings have their measured time instead");
        return Task.FromResult(new TransferContents(rows, null, new FileInfo(Name).Length) { Notes = notes });
    }

    public Task PrepareAsync(RejectLog rejects, CancellationToken cancellationToken)
    {
        _marks.Clear();
        _times.Clear();
        _nodes.Clear();
        _rows = 0;
        using var file = new LineReader(_path, 0);
        file.Read();
        var (last, seen, direction) = (0L, new HashSet<int>(), 0);
        while (true)
        {
            var (offset, number) = (file.Offset, file.Number + 1);
            if (file.Read() is not { } line) break;
            if (line.Length == 0) continue;
            if (line[0] == '#')
            {
                CheckFooter(line, number);
                continue;
            }
            if (TryParse(line, out var reading) is { } error)
            {
                rejects.Add(new(Name, null, number, error.Column, line, error.Reason));
                continue;
            }
            var step = _rows == 0 ? 0 : Math.Sign(reading.Timestamp - last);
            if (step != 0 && direction != 0 && step != direction) throw new TransferException($"{Name} is not in the order of time: line {number}. An export of this program is.");
            if (step != 0) (direction, _) = (step, seen.RemoveWhere(_ => true));
            if (!seen.Add(reading.NodeAddress))
            {
                rejects.Add(new(Name, null, number, "timestamp", line, "is a second reading of its node and second"));
                continue;
            }
            if (_rows % LinesPerMark == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                _marks.Add((offset, number));
                _times.Add((reading.Timestamp, reading.Timestamp));
            }
            _times[^1] = (Math.Min(_times[^1].First, reading.Timestamp), Math.Max(_times[^1].Last, reading.Timestamp));
            _nodes[reading.NodeAddress] = reading.DeviceId ?? _nodes.GetValueOrDefault(reading.NodeAddress);
            (last, _rows) = (reading.Timestamp, _rows + 1);
        }
        _isBackward = direction < 0;
        return Task.CompletedTask;
    }

    private void CheckFooter(string line, long number)
    {
        const string Rows = "# rows=";
        if (line.StartsWith(Rows, StringComparison.Ordinal) && long.TryParse(line[Rows.Length..].Split(' ')[0], CultureInfo.InvariantCulture, out var rows) && rows > number - 2)
            throw new TransferException($"{Name} is not complete: its last line says {rows} rows, and it has {number - 2}.");
    }

    public Task<TransferPage<Reading>> ReadReadingsAsync(TransferRange range, int limit, CancellationToken cancellationToken)
    {
        var page = new List<Reading>();
        var marks = Enumerable.Range(0, _marks.Count);
        foreach (var mark in _isBackward ? marks.Reverse() : marks)
        {
            if (_times[mark].Last < range.From || _times[mark].First >= range.To) continue;
            // The marks after this one have later times only, or the same instant.
            if (page.Count > limit && page.Max(r => r.Timestamp) < _times[mark].First) break;
            page.AddRange(ReadMark(mark).Where(r => r.Timestamp >= range.From && r.Timestamp < range.To));
            cancellationToken.ThrowIfCancellationRequested();
        }
        page.Sort((a, b) => (a.Timestamp, -a.NodeAddress).CompareTo((b.Timestamp, -b.NodeAddress)));
        if (page.Count <= limit) return Task.FromResult(new TransferPage<Reading>(page.ToArray(), range.To));
        var last = page[limit].Timestamp;
        var kept = page.FindIndex(r => r.Timestamp == last);
        if (kept == 0) (last, kept) = (last + 1, page.FindIndex(r => r.Timestamp > last) is >= 0 and var next ? next : page.Count);
        return Task.FromResult(new TransferPage<Reading>(page[..kept].ToArray(), last));
    }

    private IEnumerable<Reading> ReadMark(int mark)
    {
        using var file = new LineReader(_path, _marks[mark].Offset);
        var (seen, last) = (new HashSet<int>(), 0L);
        var end = mark + 1 < _marks.Count ? _marks[mark + 1].Offset : long.MaxValue;
        while (file.Offset < end && file.Read() is { } line)
        {
            if (line.Length == 0 || line[0] == '#' || TryParse(line, out var reading) is not null) continue;
            if (reading.Timestamp != last) seen.Clear();
            last = reading.Timestamp;
            if (seen.Add(reading.NodeAddress)) yield return reading; // A second reading was rejected.
        }
    }

    private (string? Column, string Reason)? TryParse(string line, out Reading reading)
    {
        reading = default;
        var cells = line.Split(_separator);
        if (cells.Length < _columns.Length) return (null, $"must have {_columns.Length} cells");
        long? node = null, device = null, time = null, temperature = null, humidity = null, flags = 0, receivedAt = null;
        for (var i = 0; i < _columns.Length; i++)
        {
            var cell = cells[i].Trim('"');
            var isKnown = _columns[i] switch
            {
                "node_address" => Whole(cell, out node),
                "device_id" => cell.Length == 0 || (ulong.TryParse(cell, CultureInfo.InvariantCulture, out var id) && (device = unchecked((long)id)) is not null),
                "timestamp" => Time(cell, out time),
                "received_at" => Time(cell, out receivedAt),
                "temperature_celsius" => Decimal(cell, ref temperature),
                "humidity_percent" => Decimal(cell, ref humidity),
                "temperature_raw" => cell.Length == 0 || Whole(cell, out temperature),
                "humidity_raw" => cell.Length == 0 || Whole(cell, out humidity),
                "flags" => Whole(cell, out flags),
                _ => true,
            };
            if (!isKnown) return (_columns[i], "is not a value of this column");
        }
        if (node is not (>= 1 and <= int.MaxValue)) return ("node_address", "must be 1 to 2147483647");
        if (time is null || time < Reading.MinTimestamp || time > _clock.GetUtcNow().ToUnixTimeSeconds() + Reading.MaxAheadSeconds) return ("timestamp", "must be from 2000 to now + 1 day");
        if (temperature is < short.MinValue or > short.MaxValue) return ("temperature_celsius", "must be -327.68 to 327.67");
        if (humidity is < 0 or > Reading.MaxHumidityCentipercent) return ("humidity_percent", "must be 0 to 100");
        if (temperature is null && humidity is null) return (null, "has neither temperature nor humidity");
        if (flags is not (>= 0 and <= uint.MaxValue)) return ("flags", "must be 0 to 4294967295");
        reading = new((int)node, time.Value, (short?)temperature, (short?)humidity, (uint)flags, receivedAt ?? time.Value, (ulong?)device);
        return null;
    }

    private static bool Whole(string cell, out long? value)
    {
        value = long.TryParse(cell, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
        return value is not null;
    }

    private bool Decimal(string cell, ref long? value)
        => cell.Length == 0 || (Hundredths.TryParse(Encoding.ASCII.GetBytes(_decimalMark == ',' ? cell.Replace(',', '.') : cell), out var number) && (value = number) is not null);

    private static bool Time(string cell, out long? value)
    {
        if (Whole(cell, out value)) return true;
        if (!EventTime.TryParse(cell, out var time) || time % 1_000_000 != 0) return false;
        value = time / 1_000_000;
        return true;
    }

    public Task<TransferPage<LaneEvent>> ReadEventsAsync(TransferRange range, int limit, CancellationToken cancellationToken)
        => Task.FromResult(new TransferPage<LaneEvent>(default, range.To));

    public Task<SmallTables> ReadSmallTablesAsync(CancellationToken cancellationToken) => Task.FromResult(new SmallTables(
        [.. _nodes.Select(n => new Node { Address = n.Key, DeviceId = unchecked((long?)n.Value) })], [], [], HasCounters: false, HasMetadata: false));

    public ValueTask DisposeAsync()
    {
        _unpacked?.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    // Lines with the place where they begin, which a StreamReader does not tell.
    private sealed class LineReader : IDisposable
    {
        private readonly FileStream _file;
        private readonly byte[] _buffer = new byte[64 << 10];
        private int _at, _length;

        public LineReader(string path, long offset)
        {
            try
            {
                _file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete) { Position = offset };
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new TransferException($"{path} cannot be read: {e.Message}", e);
            }
            Offset = offset;
        }

        /// <summary>Where the next line begins.</summary>
        public long Offset { get; private set; }

        /// <summary>Lines read so far.</summary>
        public long Number { get; private set; }

        public string? Read()
        {
            List<byte>? begun = null;
            while (true)
            {
                if (_at == _length)
                {
                    (_at, _length) = (0, _file.Read(_buffer));
                    if (_length == 0) return begun is null ? null : Line(begun.ToArray());
                }
                var rest = _buffer.AsSpan(_at, _length - _at);
                var end = rest.IndexOf((byte)'\n');
                var part = end < 0 ? rest : rest[..end];
                _at += end < 0 ? rest.Length : end + 1;
                Offset += end < 0 ? rest.Length : end + 1;
                if (end >= 0 && begun is null) return Line(part);
                (begun ??= []).AddRange(part);
                if (begun.Count > 1 << 20) throw new TransferException($"{_file.Name} is not a text of lines.");
                if (end >= 0) return Line(begun.ToArray());
            }
        }

        private string Line(ReadOnlySpan<byte> utf8)
        {
            Number++;
            return Encoding.UTF8.GetString(utf8.TrimEnd((byte)'\r'));
        }

        public void Dispose() => _file.Dispose();
    }
}
