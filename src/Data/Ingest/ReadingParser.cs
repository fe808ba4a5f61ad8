using SensorDash.Data.Readings;

namespace SensorDash.Data.Ingest;

/// <summary>Reads the body of one request as readings, without a string per value. Not for concurrent use.</summary>
/// <param name="now">Unix seconds of the server's clock: the default of received_at and the bound of timestamps.</param>
public abstract class ReadingParser(long now)
{
    /// <summary>Most rejected lines that are kept for the answer; all are counted.</summary>
    public const int MaxListedRejections = 100;

    /// <summary>Longest line or element in bytes. A reading with every field is below 400.</summary>
    public const int MaxElementLength = 64 * 1024;

    private readonly List<RejectedLine> _rejected = [];

    /// <summary>Lines that were no reading.</summary>
    public long RejectedCount { get; private set; }

    /// <summary>The first <see cref="MaxListedRejections"/> of them.</summary>
    public IReadOnlyList<RejectedLine> Rejected => _rejected;

    /// <summary>Unix seconds of the server's clock when the request began.</summary>
    protected long Now { get; } = now;

    /// <summary>Adds readings to <paramref name="batch"/> until it is full or the body ends.</summary>
    /// <returns>False at the end of the body; the batch may still hold readings then.</returns>
    public abstract ValueTask<bool> ReadAsync(ParsedBatch batch, CancellationToken cancellationToken);

    /// <summary>Counts a line as rejected; also for lines that the store refuses later.</summary>
    public void Reject(long line, string? field, string error)
    {
        RejectedCount++;
        if (_rejected.Count < MaxListedRejections) _rejected.Add(new RejectedLine(line, field, error));
    }

    private protected void Add(ParsedBatch batch, in ReadingFields fields, ReadingFault? fault, long line)
    {
        var reading = default(Reading);
        if ((fault ?? fields.Validate(Now, out reading)) is { } found) Reject(line, found.Field, found.Error);
        else batch.Add(reading, line);
    }
}
