using PgMahout.Core.Configuration;
using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.Tests.Configuration;

public sealed class ConfigurationTextTests
{
    private static readonly MemberName M1 = new("m1");
    private static readonly MemberName M2 = new("m2");

    private static readonly DesiredConfiguration Full = (DesiredConfiguration.Empty with
    {
        AccessRules = ["host app app 10.0.0.0/8 scram-sha-256"],
    }).With("work_mem", "64MB", null).With("log_line_prefix", "%m 'q' # ", null).With("work_mem", "1GB", M2);

    [Fact]
    public void What_is_written_is_read_back() =>
        Assert.Equal(Full, Read(ConfigurationText.Write(Full)));

    [Fact]
    public void An_empty_configuration_is_read_back() =>
        Assert.Equal(DesiredConfiguration.Empty, Read(ConfigurationText.Write(DesiredConfiguration.Empty)));

    [Theory]
    [InlineData("[clutser]\n", 1, "is no section")]
    [InlineData("[cluster]\n[member m9]\n", 2, "is no section")]
    [InlineData("[cluster]\n\nwork_mem 64MB\n", 3, "NAME = VALUE")]
    [InlineData("work_mem = '64MB\n", 1, "NAME = VALUE")]
    [InlineData("work mem = 64MB\n", 1, "NAME = VALUE")]
    public void A_line_that_cannot_be_read_is_named_with_its_number(string text, int line, string why)
    {
        var wrong = Assert.IsType<ConfigurationReading.Malformed>(ConfigurationText.Read(text, [M1, M2]));

        Assert.Equal(line, wrong.Line);
        Assert.Contains(why, wrong.Why);
    }

    [Theory]
    [InlineData("work_mem=64MB", "work_mem", "64MB")]
    [InlineData("work_mem = '64MB' # much", "work_mem", "64MB")]
    [InlineData("search_path = ''", "search_path", "")]
    [InlineData("x.y = 'it''s'", "x.y", "it's")]
    public void A_setting_is_read_as_in_postgresql_conf(string line, string name, string value) =>
        Assert.Equal((name, value), ConfigurationText.Setting(line));

    [Fact]
    public void Names_of_settings_have_no_case() =>
        Assert.Equal("64MB", DesiredConfiguration.Empty.With("Work_Mem", "64MB", null).Settings["work_mem"]);

    [Fact]
    public void An_override_wins_on_its_member_alone()
    {
        Assert.Equal("1GB", Full.For(M2)["work_mem"]);
        Assert.Equal("64MB", Full.For(M1)["work_mem"]);
    }

    [Fact]
    public void The_last_override_of_a_member_takes_its_section_along() =>
        Assert.Empty(Full.With("work_mem", null, M2).Overrides);

    private static DesiredConfiguration Read(string text) =>
        Assert.IsType<ConfigurationReading.Read>(ConfigurationText.Read(text, [M1, M2])).Configuration;
}
