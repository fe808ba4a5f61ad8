using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;

namespace SensorDash.Data.Ingest.Parsing;

/// <summary>One JSON object, or an array of them, of any length in constant memory. A "line" is the element's number, from 1.</summary>
public sealed class JsonBodyParser<TRow>(PipeReader body, IJsonRow<TRow> rows) : BodyParser<TRow>
{
    // Deeper than any valid element: the rules of the element limit its depth and reject only that element.
    private JsonReaderState _state = new(new JsonReaderOptions { MaxDepth = rows.MaxLength + 1 });
    private long _element;

    // An incomplete element is read again from its start, but only with twice as many bytes: in many small pieces it costs no more than in few.
    private long _wanted;
    private bool _pastMark, _started, _isTooLong, _ended;

    /// <inheritdoc/>
    public override async ValueTask<bool> ReadAsync(ParsedBatch<TRow> batch, CancellationToken cancellationToken)
    {
        while (!_ended)
        {
            var result = await body.ReadAsync(cancellationToken);
            var buffer = result.Buffer;
            if (!_pastMark)
            {
                if (buffer.Length < ByteOrderMark.Length && !result.IsCompleted)
                {
                    body.AdvanceTo(buffer.Start, buffer.End);
                    continue;
                }
                buffer = SkipByteOrderMark(buffer);
                _pastMark = true;
            }
            if (buffer.Length < _wanted && !result.IsCompleted)
            {
                body.AdvanceTo(buffer.Start, buffer.End);
                continue;
            }
            SequencePosition consumed;
            try
            {
                consumed = ParseElements(buffer, result.IsCompleted, batch);
            }
            catch (JsonException e)
            {
                // Earlier rows are kept: if the whole body is sent again, they are duplicates.
                Reject(_element + 1, $"malformed JSON at line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}; the rest is skipped");
                _ended = true;
                body.AdvanceTo(buffer.End);
                return false;
            }
            if (batch.IsFull || HasTooManyRejections)
            {
                _wanted = 0;
                _ended = HasTooManyRejections;
                body.AdvanceTo(consumed);
                return !_ended;
            }
            var incomplete = buffer.Slice(consumed).Length;
            _wanted = Math.Min(2 * incomplete, rows.MaxLength + 1);
            if (_isTooLong || (!result.IsCompleted && incomplete > rows.MaxLength))
            {
                Reject(_element + 1, $"the element is longer than {rows.MaxLength} bytes; it and the rest are skipped");
                _ended = true;
            }
            else if (result.IsCompleted)
            {
                _ended = true;
                if (!_started) Reject(1, "the body is empty");
            }
            body.AdvanceTo(consumed, buffer.End);
        }
        return false;
    }

    private static ReadOnlySequence<byte> SkipByteOrderMark(in ReadOnlySequence<byte> buffer)
    {
        var reader = new SequenceReader<byte>(buffer);
        return reader.IsNext(ByteOrderMark, advancePast: true) ? reader.UnreadSequence : buffer;
    }

    private SequencePosition ParseElements(in ReadOnlySequence<byte> buffer, bool isLast, ParsedBatch<TRow> batch)
    {
        var reader = new Utf8JsonReader(buffer, isLast, _state);
        while (!batch.IsFull && !HasTooManyRejections)
        {
            var before = reader;
            if (!reader.Read()) break;
            _started = true;
            if (reader.TokenType == JsonTokenType.EndArray && reader.CurrentDepth == 0) continue;
            if (reader.TokenType == JsonTokenType.StartArray && reader.CurrentDepth == 0) continue;

            var start = reader.TokenStartIndex;
            if (!reader.TrySkip())
            {
                reader = before; // Incomplete value: read again with more data.
                break;
            }
            _isTooLong = reader.BytesConsumed - before.BytesConsumed > rows.MaxLength;
            if (_isTooLong) break;
            Add(batch, buffer.Slice(start, reader.BytesConsumed - start));
        }
        _state = reader.CurrentState;
        return reader.Position;
    }

    private void Add(ParsedBatch<TRow> batch, in ReadOnlySequence<byte> element)
    {
        _element++;
        if (element.IsSingleSegment)
        {
            AddJson(batch, rows, element.FirstSpan, _element);
            return;
        }
        var length = (int)element.Length;
        var copy = ArrayPool<byte>.Shared.Rent(length);
        element.CopyTo(copy);
        AddJson(batch, rows, copy.AsSpan(0, length), _element);
        ArrayPool<byte>.Shared.Return(copy);
    }
}
