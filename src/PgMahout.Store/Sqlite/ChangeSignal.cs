namespace PgMahout.Store.Sqlite;

/// <summary>
/// A file beside the store that is written to after every commit that changed a record. Watching it beats watching
/// the log: the log is written before its commit can be read, many times for one commit, and for the journal too.
/// </summary>
internal sealed class ChangeSignal(string path) : IDisposable
{
    private static readonly byte[] Mark = [(byte)'\n'];

    private FileStream? _file;

    /// <summary>A hint only: whoever misses it finds the change at the next poll, so failures do no harm.</summary>
    public void Raise()
    {
        try
        {
            _file ??= new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.Write,
                Share = FileShare.ReadWrite | FileShare.Delete,
                BufferSize = 0,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
            RandomAccess.Write(_file.SafeFileHandle, Mark, 0);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Dispose();
        }
    }

    public void Dispose()
    {
        _file?.Dispose();
        _file = null;
    }
}
