using System.Text;
using PgMahout.Agent.Http;
using Xunit;

namespace PgMahout.Tests.Agent;

public sealed class HttpHeadTests
{
    private const int MostBodyBytes = 1000;

    private static HttpHead Parse(string head) => HttpHead.Parse(Encoding.Latin1.GetBytes(head), MostBodyBytes);

    [Fact]
    public void Start_line_body_length_and_the_wish_to_close_are_read()
    {
        var head = Parse("POST /wake HTTP/1.1\r\nHOST: agent\r\ncontent-length:\t12 \r\nConnection: te, Close");

        Assert.Equal(new HttpHead.Understood("POST /wake HTTP/1.1", 12, Close: true, NamesHost: true), head);
    }

    [Fact]
    public void Fields_that_mean_nothing_here_are_passed_over()
    {
        var head = Parse("GET / HTTP/1.1\r\nHost: a\r\nX-Content-Length: 7\r\nAccept: */*\r\nEmpty:");

        Assert.Equal(0, Assert.IsType<HttpHead.Understood>(head).BodyLength);
    }

    [Theory]
    [InlineData("", 400)]
    [InlineData("\r\nHost: a", 400)]
    [InlineData("GET /\u0000 HTTP/1.1", 400)]
    [InlineData("GET / HTTP/1.1\nHost: a", 400)]
    [InlineData("GET / HTTP/1.1\rHost: a", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost : a", 400)]
    [InlineData("GET / HTTP/1.1\r\n: a", 400)]
    [InlineData("GET / HTTP/1.1\r\nno field", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n folded", 400)]
    [InlineData("GET / HTTP/1.1\r\nName: caf\u00e9", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nHost: b", 400)]
    [InlineData("GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1", 400)]
    [InlineData("GET / HTTP/1.1\r\nContent-Length: -1", 400)]
    [InlineData("GET / HTTP/1.1\r\nContent-Length: +1", 400)]
    [InlineData("GET / HTTP/1.1\r\nContent-Length: 1, 1", 400)]
    [InlineData("GET / HTTP/1.1\r\nContent-Length:", 400)]
    [InlineData("GET / HTTP/1.1\r\nContent-Length: 1001", 413)]
    [InlineData("GET / HTTP/1.1\r\nContent-Length: 99999999999999999999", 413)]
    [InlineData("GET / HTTP/1.1\r\nTransfer-Encoding: chunked", 501)]
    [InlineData("GET / HTTP/1.1\r\nExpect: 100-continue", 417)]
    public void What_two_programs_could_read_differently_is_refused(string head, int status)
    {
        var parsed = Parse(head);

        Assert.Equal(status, Assert.IsType<HttpHead.Refused>(parsed).Refusal.Status);
    }
}
