using System.Collections.Immutable;
using System.Text;

namespace PgMahout.Core.Protocol;

/// <summary>How a server wants a client to prove who it is.</summary>
public abstract record AuthenticationRequest
{
    private AuthenticationRequest() { }

    /// <summary>Nothing more is wanted.</summary>
    public sealed record Accepted : AuthenticationRequest;

    public sealed record Cleartext : AuthenticationRequest;

    public sealed record Md5(uint Salt) : AuthenticationRequest;

    public sealed record Sasl(ImmutableArray<string> Mechanisms) : AuthenticationRequest;

    public sealed record SaslContinue(string Message) : AuthenticationRequest;

    public sealed record SaslFinal(string Message) : AuthenticationRequest;

    /// <summary>Kerberos, GSSAPI, SSPI, or something yet to come.</summary>
    public sealed record Other(int Code) : AuthenticationRequest;

    public static AuthenticationRequest Read(ReadOnlySpan<byte> body)
    {
        var reader = new MessageReader(body);
        return reader.Int32() switch
        {
            0 => new Accepted(),
            3 => new Cleartext(),
            5 => new Md5((uint)reader.Int32()),
            10 => new Sasl(ReadMechanisms(reader)),
            11 => new SaslContinue(Encoding.UTF8.GetString(reader.Rest)),
            12 => new SaslFinal(Encoding.UTF8.GetString(reader.Rest)),
            var code => new Other(code),
        };
    }

    private static ImmutableArray<string> ReadMechanisms(MessageReader reader)
    {
        var mechanisms = ImmutableArray.CreateBuilder<string>();
        while (reader.Text() is var name && name != "")
            mechanisms.Add(name);
        return mechanisms.ToImmutable();
    }
}
