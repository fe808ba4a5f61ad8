using System.Buffers.Binary;
using System.Text;

namespace SensorDash.Faults.Tests.PowerCuts;

/// <summary>What <c>recorder.c</c> logs.</summary>
internal enum ChangeKind
{
    /// <summary>A file was opened that may be new.</summary>
    Name = 1,

    Write,

    Truncate,

    /// <summary>A file is durable as it was at <see cref="Change.Offset"/>, a position of the recording.</summary>
    Sync,

    /// <summary>The names in a folder are durable, likewise.</summary>
    SyncFolder,

    Rename,

    Unlink,
}

/// <param name="Position">Where its record begins in the recording.</param>
/// <param name="Offset">In the file, bytes; of a new name, the length of the file; of a sync, the position of its begin.</param>
internal readonly record struct Change(long Position, ChangeKind Kind, ulong Inode, long Offset, ReadOnlyMemory<byte> Bytes)
{
    public string Text => Encoding.UTF8.GetString(Bytes.Span);
}

internal static class Recording
{
    private const int HeadLength = 21;

    /// <summary>The changes in their order. A record that a kill has cut off is left out.</summary>
    public static IEnumerable<Change> Read(ReadOnlyMemory<byte> log)
    {
        for (var at = 0; at + HeadLength <= log.Length;)
        {
            var head = log.Span.Slice(at, HeadLength);
            var length = (int)BinaryPrimitives.ReadUInt32LittleEndian(head[17..]);
            if (at + HeadLength + length > log.Length) yield break;
            yield return new(at, (ChangeKind)head[0], BinaryPrimitives.ReadUInt64LittleEndian(head[1..]), BinaryPrimitives.ReadInt64LittleEndian(head[9..]), log.Slice(at + HeadLength, length));
            at += HeadLength + length;
        }
    }
}
