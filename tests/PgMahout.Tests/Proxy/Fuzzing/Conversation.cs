using System.Buffers.Binary;
using System.Text;
using PgMahout.Core.Protocol;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Tests.Proxy.Fuzzing;

/// <summary>Messages that clients and servers could have sent, in an order that they could have.</summary>
internal static class Conversation
{
    private static readonly string[] Names = ["", "", "a", "s1", "a name", "pgmahout_1"];
    private static readonly string[] Texts =
        ["SELECT 1", "BEGIN", "COMMIT", "INSERT INTO t VALUES ($1)", "DEALLOCATE ALL", "COPY t FROM STDIN", ""];

    public static byte[] OfClient(Prng random)
    {
        var bytes = new MemoryStream();
        var messages = 1 + random.Below(12);
        for (var i = 0; i < messages; i++)
            bytes.Write(ClientMessage(random));
        if (random.Below(3) > 0)
            bytes.Write(Message('S'));
        if (random.Below(8) == 0)
            bytes.Write(Message('X'));
        return bytes.ToArray();
    }

    /// <summary>What a server that was sent this would say, with an error here and there.</summary>
    public static byte[] OfServer(byte[] asked, Prng random)
    {
        var said = new BackendWriter();
        var failed = false;
        while (MessageHeader.TryRead(asked, out var header))
        {
            var type = (char)header.Type;
            asked = asked[(MessageHeader.Size + header.BodyLength)..];
            if (failed && type is not 'S')
                continue;
            failed = type is 'P' or 'B' or 'D' or 'E' or 'C' && random.Below(10) == 0;
            if (failed)
                said.ErrorResponse("ERROR", "22012", "division by zero");
            else
                Say(type, said, random);
        }
        return said.Written.ToArray();
    }

    private static void Say(char type, BackendWriter said, Prng random)
    {
        if (random.Below(10) == 0)
            said.ParameterStatus("TimeZone", "UTC").NoticeResponse("NOTICE", "00000", "by the way");
        _ = type switch
        {
            'P' => said.ParseComplete(),
            'B' => said.BindComplete(),
            'C' => said.CloseComplete(),
            'D' => random.Below(2) == 0 ? said.NoData() : said.RowDescription("a", "b"),
            'E' => said.DataRow("1", null).CommandComplete(random.Below(6) == 0 ? "DISCARD ALL" : "SELECT 1"),
            'S' => said.ReadyForQuery("ITE"[random.Below(3)]),
            'Q' => said.RowDescription("a").DataRow("1").CommandComplete("SELECT 1").ReadyForQuery('I'),
            _ => said,
        };
    }

    private static byte[] ClientMessage(Prng random)
    {
        var name = Names[random.Below(Names.Length)];
        var text = Texts[random.Below(Texts.Length)];
        return random.Below(12) switch
        {
            0 => Message('Q', text + "\0"),
            1 or 2 or 3 => Message('P', $"{name}\0{text}\0\0\0"),
            4 or 5 or 6 => Message('B', $"\0{name}\0\0\0\0\u0001\0\0\0\u0003abc\0\0"),
            7 => Message('D', (random.Below(2) == 0 ? "S" : "P") + name + "\0"),
            8 or 9 => Message('E', "\0\0\0\0\0"),
            10 => Message('C', (random.Below(2) == 0 ? "S" : "P") + name + "\0"),
            _ => Message("SHdcfF"[random.Below(6)], random.Below(2) == 0 ? "" : new string('x', random.Below(300))),
        };
    }

    private static byte[] Message(char type, string body = "")
    {
        var message = new byte[5 + body.Length];
        message[0] = (byte)type;
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), 4 + body.Length);
        Encoding.Latin1.GetBytes(body, message.AsSpan(5));
        return message;
    }
}
