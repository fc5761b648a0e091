using System.Collections.Immutable;
using System.Text;

namespace PgMahout.Core.Protocol;

/// <summary>One row of an answer: each value as the server sent it; null for NULL.</summary>
public sealed record DataRow(ImmutableArray<byte[]?> Values)
{
    /// <summary>Null for NULL, and for a column that this server does not have.</summary>
    public string? Text(int column) =>
        column < Values.Length && Values[column] is { } value ? Encoding.UTF8.GetString(value) : null;

    public static DataRow Read(ReadOnlySpan<byte> body)
    {
        var reader = new MessageReader(body);
        var count = reader.Int16();
        if (count < 0)
            throw new ProtocolException($"a row of {count} columns");
        var values = ImmutableArray.CreateBuilder<byte[]?>(count);
        for (var i = 0; i < count; i++)
        {
            var length = reader.Int32();
            values.Add(length < 0 ? null : reader.Take(length).ToArray());
        }
        return new DataRow(values.ToImmutable());
    }
}
