namespace PgMahout.Proxy.Tls;

/// <summary>What came of reading certificates and keys.</summary>
public abstract record TlsOpening
{
    private TlsOpening() { }

    public sealed record Opened(TlsContext Context) : TlsOpening;

    /// <param name="What">What cannot be used.</param>
    /// <param name="Why">The evidence, in OpenSSL's words where they are its.</param>
    /// <param name="Next">What to do about it.</param>
    public sealed record Failed(string What, string Why, string Next) : TlsOpening;
}

/// <summary>How sure a proxy wants to be of the server that it connects to.</summary>
public enum TlsVerification
{
    /// <summary>Encrypted, to whoever it is.</summary>
    None,

    /// <summary>Its certificate must come from the authority.</summary>
    Authority,

    /// <summary>And name the host.</summary>
    Full,
}
