using System.Runtime.InteropServices;
using System.Text;

namespace PgMahout.Proxy.Tls;

/// <summary>What is used of OpenSSL 3: the library that PostgreSQL itself is linked with.</summary>
internal static unsafe partial class OpenSsl
{
    public const int ErrorSsl = 1;
    public const int ErrorWantRead = 2;
    public const int ErrorWantWrite = 3;
    public const int ErrorZeroReturn = 6;
    public const int AlpnOk = 0;
    public const int AlpnFatal = 2;
    public const int VerifyNone = 0;
    public const int VerifyPeer = 1;
    public const int FileTypePem = 1;
    public const int SetMinimumVersion = 123;
    public const int Version12 = 0x0303;
    public const int SetMode = 33;
    public const int SetSessionCacheMode = 44;
    public const int SetHostName = 55;
    public const ulong NoTicket = 1UL << 14;
    public const ulong NoCompression = 1UL << 17;
    public const ulong NoRenegotiation = 1UL << 30;

    // Write one record and say so; the caller's buffer may move; buffers of idle connections are given back.
    public const int Mode = 0x01 | 0x02 | 0x10;

    private const string Ssl = "libssl.so.3";
    private const string Crypto = "libcrypto.so.3";

    /// <summary>Null when the libraries can be loaded here.</summary>
    public static string? Missing { get; } = new[] { Ssl, Crypto }
        .FirstOrDefault(library => !NativeLibrary.TryLoad(library, out _));

    /// <summary>What this thread's last failed call left, in OpenSSL's words; empties the thread's list.</summary>
    public static string TakeErrors()
    {
        var text = new StringBuilder();
        Span<byte> line = stackalloc byte[256];
        while (ERR_get_error() is var code && code != 0)
        {
            fixed (byte* into = line)
                ERR_error_string_n(code, into, (nuint)line.Length);
            var end = line.IndexOf((byte)0);
            text.Append(text.Length == 0 ? "" : "; ").Append(Encoding.UTF8.GetString(line[..end]));
        }
        return text.Length == 0 ? "OpenSSL gave no reason" : text.ToString();
    }

    public static string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";

    [LibraryImport(Ssl)]
    public static partial nint TLS_server_method();

    [LibraryImport(Ssl)]
    public static partial nint TLS_client_method();

    [LibraryImport(Ssl)]
    public static partial ContextHandle SSL_CTX_new(nint method);

    [LibraryImport(Ssl)]
    public static partial void SSL_CTX_free(nint context);

    [LibraryImport(Ssl)]
    public static partial nint SSL_CTX_ctrl(ContextHandle context, int command, nint number, nint pointer);

    [LibraryImport(Ssl)]
    public static partial ulong SSL_CTX_set_options(ContextHandle context, ulong options);

    [LibraryImport(Ssl)]
    public static partial int SSL_CTX_set_num_tickets(ContextHandle context, nuint number);

    [LibraryImport(Ssl, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SSL_CTX_use_certificate_chain_file(ContextHandle context, string file);

    [LibraryImport(Ssl, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SSL_CTX_use_PrivateKey_file(ContextHandle context, string file, int type);

    [LibraryImport(Ssl)]
    public static partial int SSL_CTX_check_private_key(ContextHandle context);

    [LibraryImport(Ssl, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SSL_CTX_load_verify_file(ContextHandle context, string file);

    [LibraryImport(Ssl)]
    public static partial int SSL_CTX_set_default_verify_paths(ContextHandle context);

    [LibraryImport(Ssl)]
    public static partial void SSL_CTX_set_verify(ContextHandle context, int mode, nint callback);

    [LibraryImport(Ssl)]
    public static partial void SSL_CTX_set_default_passwd_cb(
        ContextHandle context, delegate* unmanaged[Cdecl]<byte*, int, int, void*, int> callback);

    [LibraryImport(Ssl)]
    public static partial void SSL_CTX_set_alpn_select_cb(
        ContextHandle context,
        delegate* unmanaged[Cdecl]<nint, byte**, byte*, byte*, uint, int> callback,
        nint argument);

    [LibraryImport(Ssl)]
    public static partial int SSL_CTX_set_alpn_protos(ContextHandle context, byte* protocols, uint length);

    [LibraryImport(Ssl)]
    public static partial SessionHandle SSL_new(ContextHandle context);

    [LibraryImport(Ssl)]
    public static partial void SSL_free(nint session);

    [LibraryImport(Ssl)]
    public static partial void SSL_set_bio(SessionHandle session, nint input, nint output);

    [LibraryImport(Ssl)]
    public static partial void SSL_set_accept_state(SessionHandle session);

    [LibraryImport(Ssl)]
    public static partial void SSL_set_connect_state(SessionHandle session);

    [LibraryImport(Ssl)]
    public static partial nint SSL_ctrl(SessionHandle session, int command, nint number, byte* pointer);

    [LibraryImport(Ssl, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SSL_set1_host(SessionHandle session, string name);

    [LibraryImport(Ssl)]
    public static partial nint SSL_get0_param(SessionHandle session);

    [LibraryImport(Ssl)]
    public static partial int SSL_do_handshake(SessionHandle session);

    [LibraryImport(Ssl)]
    public static partial int SSL_read(SessionHandle session, byte* into, int length);

    [LibraryImport(Ssl)]
    public static partial int SSL_write(SessionHandle session, byte* from, int length);

    [LibraryImport(Ssl)]
    public static partial int SSL_shutdown(SessionHandle session);

    [LibraryImport(Ssl)]
    public static partial int SSL_get_error(SessionHandle session, int result);

    [LibraryImport(Ssl)]
    public static partial nint SSL_get1_peer_certificate(SessionHandle session);

    [LibraryImport(Ssl)]
    public static partial nint SSL_get_verify_result(SessionHandle session);

    [LibraryImport(Ssl)]
    public static partial byte* SSL_get_version(SessionHandle session);

    [LibraryImport(Ssl)]
    public static partial void SSL_get0_alpn_selected(SessionHandle session, byte** protocol, uint* length);

    [LibraryImport(Crypto)]
    public static partial nint BIO_s_mem();

    [LibraryImport(Crypto)]
    public static partial nint BIO_new(nint method);

    [LibraryImport(Crypto)]
    public static partial int BIO_free(nint bio);

    [LibraryImport(Crypto)]
    public static partial int BIO_read(nint bio, byte* into, int length);

    [LibraryImport(Crypto)]
    public static partial int BIO_write(nint bio, byte* from, int length);

    [LibraryImport(Crypto)]
    public static partial nuint BIO_ctrl_pending(nint bio);

    [LibraryImport(Crypto)]
    public static partial int i2d_X509(nint certificate, byte** into);

    [LibraryImport(Crypto)]
    public static partial void X509_free(nint certificate);

    [LibraryImport(Crypto)]
    public static partial byte* X509_verify_cert_error_string(nint error);

    [LibraryImport(Crypto, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int X509_VERIFY_PARAM_set1_ip_asc(nint parameters, string address);

    [LibraryImport(Crypto)]
    public static partial void ERR_clear_error();

    [LibraryImport(Crypto)]
    private static partial nuint ERR_get_error();

    [LibraryImport(Crypto)]
    private static partial void ERR_error_string_n(nuint code, byte* into, nuint length);
}

internal sealed class ContextHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        OpenSsl.SSL_CTX_free(handle);
        return true;
    }
}

/// <summary>Owns its two buffers too, and keeps its context alive.</summary>
internal sealed class SessionHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        OpenSsl.SSL_free(handle);
        return true;
    }
}
