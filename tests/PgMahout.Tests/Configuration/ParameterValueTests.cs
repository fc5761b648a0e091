using PgMahout.Core.Configuration;
using Xunit;

namespace PgMahout.Tests.Configuration;

public sealed class ParameterValueTests
{
    private static readonly Parameter SharedBuffers = Number("shared_buffers", "8kB", 16, 1_073_741_823);
    private static readonly Parameter WalSize = Number("max_wal_size", "MB", 2, 2_147_483_647);
    private static readonly Parameter Timeout = Number("statement_timeout", "ms", 0, 2_147_483_647);
    private static readonly Parameter Connections = Number("max_connections", null, 1, 262_143);

    private static readonly Parameter Target = Number("checkpoint_completion_target", null, 0, 1) with
    {
        Type = ParameterType.Real,
    };

    private static readonly Parameter Compression = Number("wal_compression", null, null, null) with
    {
        Type = ParameterType.Word,
        Allowed = ["pglz", "lz4", "on", "off"],
    };

    private static readonly Parameter Jit = Number("jit", null, null, null) with { Type = ParameterType.Switch };

    [Theory]
    [InlineData("128MB", "16384")]
    [InlineData("1GB", "131072")]
    [InlineData("16384", "16384")]
    [InlineData(" 128 MB ", "16384")]
    [InlineData("0x4000", "16384")]
    public void Memory_counts_in_the_unit_of_its_setting(string text, string expected) =>
        Assert.Equal(expected, Canonical(SharedBuffers, text));

    [Theory]
    [InlineData("3s", "3000")]
    [InlineData("1.5min", "90000")]
    [InlineData("250", "250")]
    public void Time_counts_in_the_unit_of_its_setting(string text, string expected) =>
        Assert.Equal(expected, Canonical(Timeout, text));

    [Theory]
    [InlineData("16384", "128MB")]
    [InlineData("16385", "131080kB")]
    [InlineData("131072", "1GB")]
    [InlineData("0", "0")]
    [InlineData("-1", "-1")]
    public void Memory_is_shown_in_the_largest_unit_that_keeps_it_whole(string value, string expected) =>
        Assert.Equal(expected, ParameterValue.Show(SharedBuffers, value));

    [Fact]
    public void A_size_in_megabytes_is_shown_in_gigabytes_where_that_is_whole() =>
        Assert.Equal("8GB", ParameterValue.Show(WalSize, "8192"));

    [Theory]
    [InlineData("128mb", "is not a unit of shared_buffers: B, kB, MB, GB, TB")]
    [InlineData("3s", "is not a unit of shared_buffers")]
    [InlineData("lots", "is not a number with a unit")]
    [InlineData("1kB", "out of range: shared_buffers lies between 128kB and")]
    public void Memory_that_a_server_would_refuse_is_refused_with_what_would_be_right(string text, string why) =>
        Assert.Contains(why, Complaint(SharedBuffers, text));

    [Theory]
    [InlineData("100MB", "has a unit, and max_connections is a bare number")]
    [InlineData("0", "out of range")]
    [InlineData("many", "is not a number")]
    public void A_bare_number_takes_no_unit(string text, string why) =>
        Assert.Contains(why, Complaint(Connections, text));

    [Theory]
    [InlineData("0.9", "0.9")]
    [InlineData("1", "1")]
    [InlineData("9e-1", "0.9")]
    public void Real_numbers_may_have_a_fraction(string text, string expected) =>
        Assert.Equal(expected, Canonical(Target, text));

    [Theory]
    [InlineData("ON", "on")]
    [InlineData("t", "on")]
    [InlineData("yes", "on")]
    [InlineData("0", "off")]
    [InlineData("of", "off")]
    public void A_switch_is_any_beginning_of_its_words(string text, string expected) =>
        Assert.Equal(expected, Canonical(Jit, text));

    [Theory]
    [InlineData("o")]
    [InlineData("")]
    [InlineData("maybe")]
    public void A_switch_is_nothing_else(string text) => Assert.Contains("neither on nor off", Complaint(Jit, text));

    [Fact]
    public void An_unknown_word_brings_the_nearest_known_one() =>
        Assert.Contains("did you mean 'lz4'?", Complaint(Compression, "lz5"));

    [Fact]
    public void True_is_on_where_on_is_among_the_words() => Assert.Equal("on", Canonical(Compression, "true"));

    [Fact]
    public void Values_that_mean_the_same_are_equal()
    {
        Assert.True(ParameterValue.AreEqual(SharedBuffers, "16384", "128MB"));
        Assert.False(ParameterValue.AreEqual(SharedBuffers, "16384", "129MB"));
    }

    private static Parameter Number(string name, string? unit, decimal? least, decimal? most) => new(
        name, ParameterType.Integer, ParameterContext.Reload, unit, least, most, [], "", "");

    private static string Canonical(Parameter parameter, string text) =>
        Assert.IsType<ParameterValue.Valid>(ParameterValue.Read(parameter, text)).Canonical;

    private static string Complaint(Parameter parameter, string text) =>
        Assert.IsType<ParameterValue.Invalid>(ParameterValue.Read(parameter, text)).Why;
}
