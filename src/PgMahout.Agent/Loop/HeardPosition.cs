using System.Globalization;
using System.Text;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Agent.Loop;

/// <summary>
/// How far the leader said it had written when this member last promised it anything, on disk: a promise is kept across
/// a restart by waiting a full lease time, and by that time the record, which the leader could not write, may say far
/// too little. Overwritten in place, so that a full disk does not keep a member from promising.
/// </summary>
public sealed class HeardPosition : IDisposable
{
    private const int Size = 40;

    private readonly Lock _gate = new();
    private readonly FileStream _file;
    private WalPosition? _heard;

    private HeardPosition(FileStream file)
    {
        _file = file;
        var buffer = new byte[Size];
        var length = file.ReadAtLeast(buffer, Size, throwOnEndOfStream: false);
        _heard = Parse(Encoding.ASCII.GetString(buffer, 0, length));
        if (length < Size)
            Put("");
    }

    /// <summary>Null when nothing was ever heard, or what is there cannot be read.</summary>
    public WalPosition? Last
    {
        get { lock (_gate) return _heard; }
    }

    /// <summary>Opens the file, creating it (mode 0600) if it is missing.</summary>
    public static HeardPosition Open(string path) => new(new FileStream(path, new FileStreamOptions
    {
        Mode = FileMode.OpenOrCreate,
        Access = FileAccess.ReadWrite,
        Share = FileShare.Read,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
    }));

    /// <summary>On disk when it returns. An earlier position than the last is not news.</summary>
    public void Hear(WalPosition written)
    {
        lock (_gate)
        {
            if (_heard >= written)
                return;
            Put(written.ToString());
            _heard = written;
        }
    }

    public void Dispose() => _file.Dispose();

    private void Put(string text)
    {
        _file.Position = 0;
        _file.Write(Encoding.ASCII.GetBytes(text.PadRight(Size - 1) + "\n"));
        _file.Flush(flushToDisk: true);
    }

    private static WalPosition? Parse(string text)
    {
        var halves = text.Trim().Split(':');
        return halves.Length == 2
            && uint.TryParse(halves[0], NumberStyles.None, CultureInfo.InvariantCulture, out var timeline)
            && Lsn.TryParse(halves[1], out var lsn)
                ? new WalPosition(new TimelineId(timeline), lsn)
                : null;
    }
}
