using PgMahout.Core.Protocol;
using Xunit;

namespace PgMahout.Tests.Protocol;

/// <summary>Bytes on a connection, taken apart.</summary>
internal static class Wire
{
    /// <summary>Whole messages with a type each, and nothing behind the last.</summary>
    public static List<(byte Type, byte[] Body)> Split(ReadOnlySpan<byte> bytes)
    {
        var messages = new List<(byte, byte[])>();
        while (!bytes.IsEmpty)
        {
            Assert.True(MessageHeader.TryRead(bytes, out var header));
            messages.Add((header.Type, bytes.Slice(MessageHeader.Size, header.BodyLength).ToArray()));
            bytes = bytes[(MessageHeader.Size + header.BodyLength)..];
        }
        return messages;
    }
}
