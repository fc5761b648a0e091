using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.Tests.Vocabulary;

public sealed class ByteSizeTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1.0 kB")]
    [InlineData(1536, "1.5 kB")]
    [InlineData(100 * 1024, "100 kB")]
    [InlineData(16L << 20, "16.0 MB")]
    [InlineData(3L << 29, "1.5 GB")]
    [InlineData(2L << 40, "2.0 TB")]
    [InlineData(5000L << 40, "5000 TB")]
    [InlineData(-2048, "-2.0 kB")]
    public void Is_written_in_binary_units_with_three_figures_at_most_where_it_can(long bytes, string text) =>
        Assert.Equal(text, new ByteSize(bytes).ToString());

    [Fact]
    public void Units_are_powers_of_1024()
    {
        Assert.Equal(new ByteSize(1024), ByteSize.Kilobytes(1));
        Assert.Equal(ByteSize.Kilobytes(1024), ByteSize.Megabytes(1));
        Assert.Equal(ByteSize.Megabytes(1024), ByteSize.Gigabytes(1));
        Assert.True(ByteSize.Megabytes(1) < ByteSize.Gigabytes(1));
    }
}
