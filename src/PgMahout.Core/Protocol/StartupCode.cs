namespace PgMahout.Core.Protocol;

/// <summary>What a client's first message is: the number behind its length.</summary>
public static class StartupCode
{
    public const int Version3 = 3 << 16;
    public const int CancelRequest = (1234 << 16) | 5678;
    public const int SslRequest = (1234 << 16) | 5679;
    public const int GssEncryptionRequest = (1234 << 16) | 5680;
}
