using PgMahout.Agent.Loop;
using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.Tests.Agent;

public sealed class HeardPositionTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    [Fact]
    public void Remembers_across_a_restart_the_most_that_was_heard()
    {
        var most = new WalPosition(new TimelineId(uint.MaxValue), Lsn.Parse("FFFFFFFF/FFFFFFFF"));
        using (var first = HeardPosition.Open(_path))
        {
            Assert.Null(first.Last);
            first.Hear(new WalPosition(new TimelineId(1), new Lsn(0x500)));
            first.Hear(most);
            first.Hear(new WalPosition(new TimelineId(2), new Lsn(0x900)));
        }

        using var second = HeardPosition.Open(_path);

        Assert.Equal(most, second.Last);
    }

    [Theory]
    [InlineData("")]
    [InlineData("3:")]
    [InlineData("three:0/500")]
    [InlineData("3:0/500:7")]
    public void What_cannot_be_read_was_never_heard(string content)
    {
        File.WriteAllText(_path, content);

        using var heard = HeardPosition.Open(_path);

        Assert.Null(heard.Last);
    }

    [Fact]
    public void Takes_the_same_room_whatever_it_holds()
    {
        using var heard = HeardPosition.Open(_path);
        var empty = new FileInfo(_path).Length;

        heard.Hear(new WalPosition(new TimelineId(uint.MaxValue), Lsn.Parse("FFFFFFFF/FFFFFFFF")));

        Assert.Equal(empty, new FileInfo(_path).Length);
    }

    public void Dispose() => File.Delete(_path);
}
