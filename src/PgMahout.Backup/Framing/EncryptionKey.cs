using System.Security.Cryptography;
using PgMahout.Postgres;
using PgMahout.Postgres.Files;

namespace PgMahout.Backup.Framing;

/// <summary>
/// The key of a repository: 32 random bytes, in a file as 64 hexadecimal digits. Whoever loses it loses every backup
/// that was made with it.
/// </summary>
public sealed class EncryptionKey
{
    public const int Length = 32;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private readonly byte[] _bytes;

    public EncryptionKey(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, Length);
        _bytes = bytes.ToArray();
    }

    /// <summary>
    /// 16 bytes, in hexadecimal, that tell this key from others and say nothing about it: stands in the repository.
    /// </summary>
    public string Check =>
        Convert.ToHexStringLower(HMACSHA256.HashData(_bytes, "pgmahout: which key is it"u8).AsSpan(0, 16));

    internal ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>What the file of a new key holds.</summary>
    public static string NewText() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Length)) + "\n";

    /// <summary>Reads the key file. One that others may read is refused.</summary>
    public static Outcome<EncryptionKey> Load(string path)
    {
        try
        {
            var text = File.ReadAllText(path).Trim();
            if ((File.GetUnixFileMode(path) & Others) != 0)
                return Unusable(path, "every user of this machine may read it", $"chmod 600 {path}");
            if (text.Length == 2 * Length && text.All(char.IsAsciiHexDigit))
                return new Outcome<EncryptionKey>.Done(new EncryptionKey(Convert.FromHexString(text)));
            return Unusable(
                path, $"it holds {text.Length} characters instead of {2 * Length} hexadecimal digits",
                "name the right file");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Unusable(path, e.Message, "put the key file there, readable for this user only");
        }
    }

    /// <summary>
    /// Loads the key file, or makes one with a new key, mode 0600 and on disk, where there is none. Of two that make it
    /// at once one wins, and the other gets the same key.
    /// </summary>
    public static Outcome<EncryptionKey> LoadOrCreate(string path)
    {
        if (File.Exists(path))
            return Load(path);
        try
        {
            Write(path, NewText());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!File.Exists(path))
                return Unusable(path, e.Message, "name a file in a directory that this user may write to");
        }
        return Load(path);
    }

    /// <summary>
    /// Under a name of its own first: a key file that is there is whole, and nobody else has it open to write.
    /// </summary>
    private static void Write(string path, string text)
    {
        var unfinished = $"{path}.{Guid.NewGuid():N}.new";
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = OwnerOnly,
        };
        using (var file = new FileStream(unfinished, options))
        {
            file.Write(System.Text.Encoding.ASCII.GetBytes(text));
            file.Flush(flushToDisk: true);
        }
        try
        {
            _ = AtomicFile.TryLink(unfinished, path);
        }
        finally
        {
            File.Delete(unfinished);
        }
        AtomicFile.SyncDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    private static Outcome<EncryptionKey> Unusable(string path, string why, string next) =>
        new Outcome<EncryptionKey>.Failed(new Problem(
            "key-unusable", $"the key file {path} cannot be used", why, "nothing was read or written", next));
}
