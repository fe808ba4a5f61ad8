using System.Buffers;
using System.IO.Pipelines;

namespace SensorDash.Data.Ingest.Parsing;

/// <summary>Base of the line formats: splits the body at LF; invalid lines do not affect valid ones.</summary>
/// <param name="maxLineLength">Maximum line length in bytes.</param>
public abstract class LineParser<TRow>(PipeReader body, int maxLineLength) : BodyParser<TRow>
{
    private long _line;
    private long _searched; // Bytes of an incomplete line that have no line end.
    private bool _skipsToLineEnd;

    /// <inheritdoc/>
    public sealed override async ValueTask<bool> ReadAsync(ParsedBatch<TRow> batch, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await body.ReadAsync(cancellationToken);
            var rest = result.Buffer;
            while (!batch.IsFull && !HasTooManyRejections)
            {
                SkipEmptyLines(ref rest);
                if (!TakeLine(ref rest, result.IsCompleted, out var line)) break;
                Parse(line, batch);
            }
            if (batch.IsFull || HasTooManyRejections)
            {
                body.AdvanceTo(rest.Start);
                return !HasTooManyRejections;
            }
            if (result.IsCompleted)
            {
                body.AdvanceTo(rest.End);
                return false;
            }
            if (rest.Length > maxLineLength)
            {
                if (!_skipsToLineEnd) Reject(_line + 1, $"the line is longer than {maxLineLength} bytes");
                _skipsToLineEnd = true;
                rest = rest.Slice(rest.End);
                _searched = 0;
            }
            body.AdvanceTo(rest.Start, rest.End);
        }
    }

    /// <summary>Parses one line without its line end; never called with an empty line.</summary>
    private protected abstract void ParseLine(ReadOnlySpan<byte> line, long number, ParsedBatch<TRow> batch);

    // Quickly, because almost nothing compresses to fewer bytes than line ends.
    private void SkipEmptyLines(ref ReadOnlySequence<byte> rest)
    {
        if (_skipsToLineEnd || rest.FirstSpan is not [(byte)'\n', ..]) return;
        var count = rest.FirstSpan.IndexOfAnyExcept((byte)'\n');
        if (count < 0) count = rest.FirstSpan.Length;
        _line += count;
        rest = rest.Slice(count);
    }

    private bool TakeLine(ref ReadOnlySequence<byte> rest, bool isLast, out ReadOnlySequence<byte> line)
    {
        if (rest.Slice(_searched).PositionOf((byte)'\n') is { } end)
        {
            _searched = 0;
            line = rest.Slice(0, end);
            rest = rest.Slice(rest.GetPosition(1, end));
            return true;
        }
        line = rest;
        _searched = isLast ? 0 : rest.Length;
        if (!isLast || rest.IsEmpty) return false;
        rest = rest.Slice(rest.End);
        return true;
    }

    private void Parse(in ReadOnlySequence<byte> line, ParsedBatch<TRow> batch)
    {
        _line++;
        if (_skipsToLineEnd)
        {
            _skipsToLineEnd = false; // The end of a line that was rejected because of its length.
            return;
        }
        // Checks the received length, so that the result does not depend on the segments of the body.
        if (line.Length > maxLineLength)
        {
            Reject(_line, $"the line is longer than {maxLineLength} bytes");
            return;
        }
        if (line.IsSingleSegment)
        {
            ParseTrimmed(line.FirstSpan, batch);
            return;
        }
        var length = (int)line.Length;
        var copy = ArrayPool<byte>.Shared.Rent(length);
        line.CopyTo(copy);
        ParseTrimmed(copy.AsSpan(0, length), batch);
        ArrayPool<byte>.Shared.Return(copy);
    }

    private void ParseTrimmed(ReadOnlySpan<byte> line, ParsedBatch<TRow> batch)
    {
        if (_line == 1 && line.StartsWith(ByteOrderMark)) line = line[ByteOrderMark.Length..];
        line = line.Trim(" \t\r"u8);
        if (!line.IsEmpty) ParseLine(line, _line, batch);
    }
}
