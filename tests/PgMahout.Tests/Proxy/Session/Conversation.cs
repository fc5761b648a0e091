using System.Buffers.Binary;
using System.Text;
using PgMahout.Core.Proxy.Session;
using Xunit;

namespace PgMahout.Tests.Proxy.Session;

/// <summary>
/// One client and one server with the two machines between them; what each is sent is kept as it came.
/// </summary>
internal sealed class Conversation(StatementRegistry registry, ServerStream server, bool renames = true)
{
    private readonly Ear _server = new();
    private readonly Ear _client = new();

    public Conversation()
        : this(new StatementRegistry(), new ServerStream())
    {
    }

    public ClientStream Client { get; } = new(registry, renames, limit: 1 << 20);

    public ServerStream Server { get; private set; } = server;

    /// <summary>Another server takes this client's next transaction.</summary>
    public Conversation On(ServerStream server)
    {
        Server.End();
        Server = server;
        return Begin();
    }

    public Conversation Begin()
    {
        Server.Begin(Client);
        return this;
    }

    public Conversation Says(params byte[][] messages)
    {
        if (Server.Owner is null)
            Begin();
        byte[] all = [.. messages.SelectMany(message => message)];
        _server.Input = all;
        Client.Read(all, Server, _server, _client);
        return this;
    }

    public ServerStop Answers(params byte[][] messages)
    {
        byte[] all = [.. messages.SelectMany(message => message)];
        _client.Input = all;
        return Server.Read(all, _client);
    }

    /// <summary>
    /// What the server was sent since the last look: types, with the name of the statement behind a colon.
    /// </summary>
    public string ToServer() => _server.Take(fromClient: true);

    public string ToClient() => _client.Take(fromClient: false);

    public byte[] TakeServerBytes() => _server.TakeBytes();

    public byte[] TakeClientBytes() => _client.TakeBytes();

    public static byte[] Query(string sql) => Message('Q', Text(sql));

    public static byte[] Parse(string name, string sql) => Message('P', Text(name), Text(sql), [0, 0]);

    public static byte[] Bind(string name, string value = "") =>
        Message('B', Text(""), Text(name), [0, 0, 0, 1], Length(value), Encoding.UTF8.GetBytes(value), [0, 0]);

    public static byte[] DescribeStatement(string name) => Message('D', [(byte)'S'], Text(name));

    public static byte[] CloseStatement(string name) => Message('C', [(byte)'S'], Text(name));

    public static byte[] Execute() => Message('E', Text(""), [0, 0, 0, 0]);

    public static byte[] Sync() => Message('S');

    public static byte[] Complete(string tag) => Message('C', Text(tag));

    public static byte[] Ready(char status = 'I') => Message('Z', [(byte)status]);

    public static byte[] Error() => Message('E', [.. "SERROR\0C42P01\0Mno\0"u8, 0]);

    public static byte[] Notice(string routine) =>
        Message('N', [.. Encoding.UTF8.GetBytes($"SWARNING\0R{routine}\0"), 0]);

    public static byte[] Reported(string name, string value) => Message('S', Text(name), Text(value));

    public static byte[] Row(string value) => Message('D', [0, 1], Length(value), Encoding.UTF8.GetBytes(value));

    public static byte[] Message(char type, params byte[][] parts)
    {
        byte[] body = [.. parts.SelectMany(part => part)];
        var message = new byte[5 + body.Length];
        message[0] = (byte)type;
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), 4 + body.Length);
        body.CopyTo(message, 5);
        return message;
    }

    private static byte[] Text(string text) => [.. Encoding.UTF8.GetBytes(text), 0];

    private static byte[] Length(string text)
    {
        var length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, Encoding.UTF8.GetByteCount(text));
        return length;
    }

    private sealed class Ear : IPassage
    {
        private readonly List<byte> _heard = [];

        public byte[] Input { get; set; } = [];

        public void Pass(int start, int end) => _heard.AddRange(Input[start..end]);

        public void Insert(ReadOnlySpan<byte> bytes) => _heard.AddRange(bytes);

        public byte[] TakeBytes()
        {
            byte[] heard = [.. _heard];
            _heard.Clear();
            return heard;
        }

        public string Take(bool fromClient)
        {
            var bytes = TakeBytes();
            var words = new List<string>();
            for (var at = 0; at < bytes.Length;)
            {
                var length = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at + 1));
                Assert.InRange(length, 4, bytes.Length - at - 1);
                var type = (char)bytes[at];
                words.Add(type + (fromClient ? NameIn(type, bytes[(at + 5)..(at + 1 + length)]) : ""));
                at += 1 + length;
            }
            return string.Join(' ', words);
        }

        private static string NameIn(char type, byte[] body)
        {
            var texts = Encoding.UTF8.GetString(body).Split('\0');
            var name = type switch
            {
                'P' => texts[0],
                'B' => texts[1],
                'D' or 'C' => texts[0][1..],
                _ => "",
            };
            return name.Length == 0 ? "" : ":" + name;
        }
    }
}
