using System.Buffers.Binary;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Tests.Proxy.Fuzzing;

/// <summary>Valid bytes made invalid, as transmission, malice and mistakes do it.</summary>
internal static class Mutation
{
    private static readonly int[] Lengths =
        [-1, 0, 1, 3, 4, 5, 8, 127, 9999, 10_001, 65_540, int.MaxValue, int.MinValue];

    /// <summary>Mostly one change, sometimes none and sometimes many.</summary>
    public static byte[] Of(byte[] bytes, Prng random)
    {
        var changes = random.Below(8) switch { 0 => 0, < 5 => 1, 5 or 6 => 2, _ => 1 + random.Below(20) };
        for (var i = 0; i < changes && bytes.Length > 0; i++)
            bytes = Once(bytes, random);
        return bytes;
    }

    private static byte[] Once(byte[] bytes, Prng random)
    {
        var at = random.Below(bytes.Length);
        var changed = (byte[])bytes.Clone();
        switch (random.Below(7))
        {
            case 0:
                changed[at] ^= (byte)(1 << random.Below(8));
                return changed;
            case 1:
                changed[at] = (byte)random.Next();
                return changed;
            case 2:
                return [.. bytes.AsSpan(0, at), .. bytes.AsSpan(Math.Min(bytes.Length, at + 1 + random.Below(16)))];
            case 3:
                return [.. bytes.AsSpan(0, at), .. Noise(random, 1 + random.Below(16)), .. bytes.AsSpan(at)];
            case 4:
                return bytes[..at];
            case 5 when at + sizeof(int) <= bytes.Length:
                BinaryPrimitives.WriteInt32BigEndian(changed.AsSpan(at), Lengths[random.Below(Lengths.Length)]);
                return changed;
            default:
                var from = random.Below(bytes.Length);
                var length = Math.Min(bytes.Length - from, 1 + random.Below(64));
                return [.. bytes.AsSpan(0, at), .. bytes.AsSpan(from, length), .. bytes.AsSpan(at)];
        }
    }

    private static byte[] Noise(Prng random, int length)
    {
        var noise = new byte[length];
        for (var i = 0; i < length; i++)
            noise[i] = (byte)random.Next();
        return noise;
    }
}
