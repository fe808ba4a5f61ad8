using System.Text;

namespace SensorDash.Faults.Tests.Bodies;

/// <summary>Damages bytes: flips, cuts, doubles, splices, and puts in what parsers dislike.</summary>
internal static class Mutation
{
    private static readonly byte[][] _pieces =
    [
        .. ((string[])["{", "}", "[", "]", "\"", "\\", ",", ":", "\n", "\r", "\0", "\uFEFF", "\\u0000", "\\ud800", "\\udc00", "e", "E-", "-", "+", ".", "0", "9", "null", "true", "1e400", "-0", "#", "=", " ", "\u2028", "\u202e",
            "00000000000000000000", "9223372036854775807", "-9223372036854775808", "18446744073709551616", "1e-400", "\"node_address\":1,", "\"payload\":{},", "\"eventId\":\"\",", "i", "u"]).Select(Encoding.UTF8.GetBytes),
        [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82], [0x80],
    ];

    public static byte[] Mutate(Random random, byte[] body)
    {
        var bytes = new List<byte>(body);
        for (var left = 1 + random.Next(random.Pick(1, 2, 8)); left > 0; left--) MutateOnce(random, bytes, body);
        return [.. bytes];
    }

    private static void MutateOnce(Random random, List<byte> bytes, byte[] original)
    {
        var at = random.Next(bytes.Count + 1);
        var length = Math.Min(bytes.Count - at, 1 + random.Next(random.Pick(2, 8, 64)));
        switch (random.Next(9))
        {
            case 0 when at < bytes.Count:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when at < bytes.Count:
                bytes[at] = (byte)random.Next(256);
                break;
            case 2:
                bytes.RemoveRange(at, length);
                break;
            case 3:
                bytes.InsertRange(random.Next(bytes.Count + 1), bytes.GetRange(at, length));
                break;
            case 4:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 5:
                var from = random.Next(original.Length + 1);
                bytes.InsertRange(at, original[from..Math.Min(original.Length, from + random.Next(64))]);
                break;
            case 6 when random.Rarely(20):
                var (open, close) = random.Pick(("[", "]"), ("{\"a\":", "}"), ("[", ""), ("{\"a\":", ""));
                var depth = random.Pick(63, 64, 65, 1_000, 5_000);
                bytes.InsertRange(at, Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(open, depth)) + "1" + string.Concat(Enumerable.Repeat(close, depth))));
                break;
            case 7 when random.Rarely(20):
                bytes.InsertRange(at, Enumerable.Repeat(random.Pick((byte)'0', (byte)'9', (byte)'a', (byte)' ', (byte)'\\', (byte)'-'), random.Pick(255, 256, 257, 5_000)));
                break;
            default:
                bytes.InsertRange(at, random.Pick<byte[]>(_pieces));
                break;
        }
    }
}
