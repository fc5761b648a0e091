using System.Text;
using PgMahout.Core.Proxy.Routing;
using Xunit;

namespace PgMahout.Tests.Proxy.Routing;

public sealed class DeallocationTests
{
    [Theory]
    [InlineData("deallocate a", "a")]
    [InlineData(" DEALLOCATE Prepare Abc ; ", "abc")]
    [InlineData("deallocate prepare", "prepare")]
    [InlineData("deallocate \"Abc d\" -- so", "Abc d")]
    [InlineData("deallocate prepare \"all\";;", "all")]
    [InlineData("deallocate all", "ALL")]
    [InlineData("DEALLOCATE PREPARE ALL", "ALL")]
    [InlineData("deallocate", null)]
    [InlineData("deallocate a b", null)]
    [InlineData("deallocate a; deallocate b", null)]
    [InlineData("deallocate 'a'", null)]
    [InlineData("deallocate \"a\"\"b\"", null)]
    [InlineData("select 1", null)]
    [InlineData("", null)]
    public void Names_are_taken_as_the_server_takes_them(string sql, string? expected) =>
        Assert.Equal(expected, Parse(sql));

    [Fact]
    public void A_long_name_is_cut_where_PostgreSQL_cuts_it_and_no_letter_is_cut_through()
    {
        Assert.Equal(new string('a', 63), Parse("deallocate " + new string('a', 70)));
        Assert.Equal(new string('a', 62), Parse("deallocate " + new string('a', 62) + "éx"));
    }

    private static string? Parse(string sql)
    {
        if (!Deallocation.TryParse(Encoding.UTF8.GetBytes(sql), out var deallocation))
            return null;
        var name = new byte[Deallocation.LongestName];
        var length = deallocation.CopyName(name);
        return deallocation.IsAll ? "ALL" : Encoding.UTF8.GetString(name, 0, length);
    }
}
