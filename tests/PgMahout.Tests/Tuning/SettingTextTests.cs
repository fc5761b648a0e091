using PgMahout.Core.Tuning;
using Xunit;

namespace PgMahout.Tests.Tuning;

public sealed class SettingTextTests
{
    [Theory]
    [InlineData("1GB", "1024MB", true)]
    [InlineData("1GB", "1GB", true)]
    [InlineData("0.9", "0.90", true)]
    [InlineData("on", "pglz", true)]
    [InlineData("lz4", "pglz", false)]
    [InlineData("4", "1.1", false)]
    [InlineData("1GB", "1023MB", false)]
    [InlineData("-1", "16MB", false)]
    public void Texts_are_the_same_when_a_server_takes_them_for_the_same(string one, string other, bool expected) =>
        Assert.Equal(expected, SettingText.Same(one, other));

    [Theory]
    [InlineData("4944MB", "4928MB", true)]
    [InlineData("5GB", "4GB", false)]
    [InlineData("-1", "16MB", false)]
    public void Amounts_are_near_within_a_fifth(string one, string other, bool expected) =>
        Assert.Equal(expected, SettingText.Near(one, other));

    [Theory]
    [InlineData("10485kB", 10485L)]
    [InlineData("2TB", 2L << 30)]
    [InlineData("4", null)]
    [InlineData("4gb", null)]
    [InlineData("1.5GB", null)]
    [InlineData("9999999999999TB", null)]
    public void An_amount_of_memory_needs_a_whole_number_and_a_unit(string text, long? expected) =>
        Assert.Equal(expected, MemoryText.Kilobytes(text));
}
