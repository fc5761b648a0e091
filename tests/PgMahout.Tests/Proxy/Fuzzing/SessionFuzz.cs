using System.Buffers;
using PgMahout.Core.Protocol;
using PgMahout.Core.Proxy.Session;
using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.Tests.Proxy.Fuzzing;

/// <summary>Sessions with something wrong in them, in both directions.</summary>
internal static class SessionFuzz
{
    private const int Limit = 64 << 10;

    /// <summary>
    /// What a client sends comes out as the same bytes, however the network cuts it, or is refused; and whoever leaves
    /// leaves no statement behind.
    /// </summary>
    public static void FromClient(Prng random)
    {
        var valid = Conversation.OfClient(random);
        var input = Mutation.Of(valid, random);
        var renames = random.Below(4) > 0;

        var whole = Read(input, renames, input.Length, random);
        var pieces = Read(input, renames, 1 + random.Below(40), random);

        if (whole is not null && pieces is not null)
            Assert.Equal(whole, pieces);
        if (!renames && whole is not null)
            Assert.Equal(input[..Math.Min(whole.Length, input.Length)], whole);
    }

    /// <summary>The same for a server, while a client waits for its answers.</summary>
    public static void FromServer(Prng random)
    {
        var seed = random.Next();
        var asked = Conversation.OfClient(random);
        var answers = Mutation.Of(Conversation.OfServer(asked, random), random);

        var whole = Answer(asked, answers, answers.Length, new Prng(seed));
        var pieces = Answer(asked, answers, 1 + random.Below(40), new Prng(seed));

        if (whole is not null && pieces is not null)
            Assert.Equal(whole, pieces);
    }

    private static byte[]? Read(byte[] input, bool renames, int most, Prng random)
    {
        var registry = new StatementRegistry();
        var client = new ClientStream(registry, renames, Limit);
        var server = new ServerStream();
        var onward = new Recorded();
        server.Begin(client);
        try
        {
            for (var at = 0; at < input.Length;)
            {
                var length = Math.Min(input.Length - at, most == input.Length ? most : 1 + random.Below(most));
                onward.Input = input.AsMemory(at, length);
                if (client.Read(onward.Input.Span, server, onward, NoPassage.Instance) == ClientStop.Terminated)
                    break;
                at += length;
            }
            return onward.ToArray();
        }
        catch (ProtocolException)
        {
            return null;
        }
        finally
        {
            client.Leave();
            Assert.Equal(0, registry.Count);
        }
    }

    private static byte[]? Answer(byte[] asked, byte[] answers, int most, Prng random)
    {
        var client = new ClientStream(new StatementRegistry(), true, Limit);
        var server = new ServerStream();
        var back = new Recorded();
        server.Begin(client);
        try
        {
            client.Read(asked, server, NoPassage.Instance, back);
            for (var at = 0; at < answers.Length;)
            {
                var length = Math.Min(answers.Length - at, most == answers.Length ? most : 1 + random.Below(most));
                back.Input = answers.AsMemory(at, length);
                if (server.Read(back.Input.Span, back) == ServerStop.Doubtful)
                    break;
                at += length;
                _ = server.Lost();
            }
            return back.ToArray();
        }
        catch (ProtocolException)
        {
            return null;
        }
    }

    private sealed class Recorded : IPassage
    {
        private readonly ArrayBufferWriter<byte> _bytes = new();

        public ReadOnlyMemory<byte> Input { get; set; }

        public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

        public void Pass(int start, int end) => _bytes.Write(Input.Span[start..end]);

        public void Insert(ReadOnlySpan<byte> bytes) => _bytes.Write(bytes);
    }
}
