using System.Buffers;
using System.IO.Pipelines;
using SensorDash.Data.Ingest.Parsing;

namespace SensorDash.Data.Tests.Ingest.Parsing;

/// <summary>A body in small pieces that counts how many of its bytes a parser looks at, each time again.</summary>
internal sealed class CountedBody(byte[] body, int piece) : PipeReader
{
    private readonly Segment[] _segments = Segment.Chain(body, piece);
    private int _arrived;
    private SequencePosition _consumed;

    private long BytesRead => _segments.Sum(s => s.BytesRead);

    public static async Task<(ParserRun<TRow> Run, long BytesRead)> ReadAsync<TRow>(Func<PipeReader, BodyParser<TRow>> parser, byte[] body, int piece)
    {
        var counted = new CountedBody(body, piece);
        var run = await ParserRun.ReadAllAsync(parser(counted));
        return (run, counted.BytesRead);
    }

    public override bool TryRead(out ReadResult result)
    {
        if (_arrived < _segments.Length) _arrived++;
        var last = _segments[_arrived - 1];
        var start = _consumed.GetObject() is null ? new SequencePosition(_segments[0], 0) : _consumed;
        result = new ReadResult(new ReadOnlySequence<byte>((Segment)start.GetObject()!, start.GetInteger(), last, last.Memory.Length), isCanceled: false, isCompleted: _arrived == _segments.Length);
        return true;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        TryRead(out var result);
        return new(result);
    }

    public override void AdvanceTo(SequencePosition consumed) => _consumed = consumed;

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => _consumed = consumed;

    public override void CancelPendingRead() => throw new NotSupportedException();

    public override void Complete(Exception? exception = null)
    {
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        private readonly Counter _counter;

        private Segment(byte[] bytes, long start)
        {
            _counter = new Counter(bytes);
            Memory = _counter.Memory;
            RunningIndex = start;
        }

        public long BytesRead => _counter.BytesRead;

        public static Segment[] Chain(byte[] body, int piece)
        {
            var segments = body.Chunk(piece).Select((bytes, i) => new Segment(bytes, (long)i * piece)).ToArray();
            for (var i = 1; i < segments.Length; i++) segments[i - 1].Next = segments[i];
            return segments;
        }
    }

    private sealed class Counter(byte[] bytes) : MemoryManager<byte>
    {
        public long BytesRead { get; private set; }

        public override Span<byte> GetSpan()
        {
            BytesRead += bytes.Length;
            return bytes;
        }

        public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

        public override void Unpin() => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
        }
    }
}
