using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.Tests.Vocabulary;

public sealed class MemberNameTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("pg_1")]
    [InlineData("a234567890123456789012345678901234567890")]
    public void Accepts_what_is_safe_as_slot_and_application_name(string text)
    {
        Assert.True(MemberName.IsValid(text));
        Assert.Equal(text, new MemberName(text).ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("1a")]
    [InlineData("_a")]
    [InlineData("A")]
    [InlineData("a-b")]
    [InlineData("a.b")]
    [InlineData("a b")]
    [InlineData("ä")]
    [InlineData("a٣")]
    [InlineData("a'; DROP TABLE t; --")]
    [InlineData("a2345678901234567890123456789012345678901")]
    public void Refuses_everything_else(string? text)
    {
        Assert.False(MemberName.IsValid(text));
        Assert.Throws<FormatException>(() => new MemberName(text!));
    }

    [Fact]
    public void Slot_name_fits_into_an_identifier_of_PostgreSQL() =>
        Assert.True(new MemberName(new string('a', 40)).SlotName.Length < 64);

    [Fact]
    public void Order_does_not_depend_on_the_language_of_the_machine()
    {
        var names = new[] { "b", "a_1", "a1", "a" }.Select(text => new MemberName(text)).Order();

        Assert.Equal("a a1 a_1 b", string.Join(' ', names));
    }

    [Fact]
    public void Unset_name_is_empty_and_not_null() => Assert.Equal("", default(MemberName).Text);
}
