using System.Buffers;
using System.IO.Compression;
using System.Text;
using SensorDash.Data.Analytics;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;

namespace SensorDash.Data.Export;

/// <summary>Writes readings as CSV: any number of rows, in constant memory, with a checksum.</summary>
public sealed class CsvExport(IReadingStore store, IReadingAnalytics analytics, NodeDirectory nodes)
{
    // Size of one network write; small enough to stay out of the large-object heap.
    private const int ChunkLength = 64 * 1024;

    /// <summary>Writes the file that <paramref name="options"/> describe.</summary>
    /// <param name="options">Valid options: the resolution has all named columns.</param>
    /// <param name="target">Receives the file; <see cref="Stream.Null"/> to compute only the checksum.</param>
    /// <param name="cancellationToken">Cancels the query and the writing; the file is then truncated.</param>
    public async Task<ExportChecksum> WriteAsync(CsvOptions options, Stream target, CancellationToken cancellationToken)
    {
        await using var file = new HashingStream(target);
        long rows;
        if (options.Gzip)
        {
            await using var gzip = new GZipStream(file, CompressionLevel.Fastest, leaveOpen: true);
            rows = await WriteTextAsync(options, gzip, cancellationToken);
        }
        else
        {
            rows = await WriteTextAsync(options, file, cancellationToken);
        }
        return new ExportChecksum(rows, file.Bytes, file.Sha256());
    }

    private async Task<long> WriteTextAsync(CsvOptions options, Stream target, CancellationToken cancellationToken)
    {
        var columns = options.Columns.Count > 0 ? options.Columns : CsvColumns.Default(options.Resolution);
        var labels = await LabelsAsync(columns, cancellationToken);
        var buffer = new ArrayBufferWriter<byte>(ChunkLength + 4096);
        await using var hash = options.Footer ? new HashingStream(target) : null; // The footer contains the checksum of the text; the file may be compressed.
        var text = hash ?? target;
        var line = new CsvLine(options, buffer);
        if (options.ByteOrderMark) buffer.Write<byte>([0xEF, 0xBB, 0xBF]);
        foreach (var column in columns) line.Text(column);
        line.End();

        var rows = options.Resolution == CsvResolution.Raw
            ? await WriteReadingsAsync(options, CsvColumns.OfReadings(columns), labels, line, buffer, text, cancellationToken)
            : await WriteBucketsAsync(options, CsvColumns.OfBuckets(columns), labels, line, buffer, text, cancellationToken);
        await FlushAsync(buffer, text, cancellationToken);
        if (hash is not null)
        {
            Encoding.UTF8.GetBytes(FormattableString.Invariant($"# rows={rows} sha256={hash.Sha256()}\n"), buffer);
            await FlushAsync(buffer, text, cancellationToken);
        }
        return rows;
    }

    private async Task<long> WriteReadingsAsync(
        CsvOptions options, CsvColumns.WriteCell<Reading>[] cells, NodeLabels labels, CsvLine line,
        ArrayBufferWriter<byte> buffer, Stream text, CancellationToken cancellationToken)
    {
        var rows = 0L;
        await foreach (var page in store.ReadPagesAsync(options.Filter, options.Order, cancellationToken))
        {
            for (var i = 0; i < page.Length; i++)
            {
                WriteRow(page.Span[i], cells, labels, line);
                if (buffer.WrittenCount >= ChunkLength) await FlushAsync(buffer, text, cancellationToken);
            }
            rows += page.Length;
        }
        return rows;
    }

    private async Task<long> WriteBucketsAsync(
        CsvOptions options, CsvColumns.WriteCell<NodeBucket>[] cells, NodeLabels labels, CsvLine line,
        ArrayBufferWriter<byte> buffer, Stream text, CancellationToken cancellationToken)
    {
        var rows = 0L;
        var unit = options.Resolution == CsvResolution.Hourly ? CalendarUnit.Hour : CalendarUnit.Day;
        await foreach (var bucket in analytics.BucketsAsync(options.Filter, options.Order, options.Zone, unit, cancellationToken))
        {
            WriteRow(bucket, cells, labels, line);
            rows++;
            if (buffer.WrittenCount >= ChunkLength) await FlushAsync(buffer, text, cancellationToken);
        }
        return rows;
    }

    private static void WriteRow<T>(in T row, CsvColumns.WriteCell<T>[] cells, NodeLabels labels, CsvLine line)
    {
        foreach (var cell in cells) cell(line, row, labels);
        line.End();
    }

    private static async ValueTask FlushAsync(ArrayBufferWriter<byte> buffer, Stream text, CancellationToken cancellationToken)
    {
        await text.WriteAsync(buffer.WrittenMemory, cancellationToken);
        buffer.ResetWrittenCount();
    }

    private async Task<NodeLabels> LabelsAsync(IReadOnlyList<string> columns, CancellationToken cancellationToken)
    {
        if (!columns.Any(c => c is "node_name" or "location" or "zone")) return new(new Dictionary<int, NodeLabel>());
        return new(await nodes.ListLabelsAsync(cancellationToken));
    }
}
