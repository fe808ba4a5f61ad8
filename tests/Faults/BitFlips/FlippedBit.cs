using System.Globalization;

namespace SensorDash.Faults.Tests.BitFlips;

/// <summary>One bit of a copy of some files, chosen by chance.</summary>
/// <param name="File">Name of the file.</param>
/// <param name="Offset">The byte.</param>
/// <param name="Bit">0 to 7.</param>
internal readonly record struct FlippedBit(string File, long Offset, int Bit)
{
    /// <summary>Chooses a bit of some files, each as likely as any other, and flips it.</summary>
    public static FlippedBit Flip(IReadOnlyList<string> files, Random random)
    {
        var at = random.NextInt64(files.Sum(file => new FileInfo(file).Length));
        foreach (var path in files)
        {
            var length = new FileInfo(path).Length;
            if (at >= length)
            {
                at -= length;
                continue;
            }
            var bit = random.Next(8);
            using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
            file.Position = at;
            var value = file.ReadByte();
            file.Position = at;
            file.WriteByte((byte)(value ^ (1 << bit)));
            return new(Path.GetFileName(path), at, bit);
        }
        throw new InvalidOperationException("There are no files.");
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"bit {Bit} of byte {Offset} of {File}");
}
