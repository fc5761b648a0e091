using System.Runtime.InteropServices;

namespace PgMahout.Store.Sqlite;

/// <summary>
/// Which file is at a path. An open connection goes on working on a file that was deleted or replaced, so that two
/// processes could each believe in a store of their own.
/// </summary>
internal readonly record struct FileIdentity(uint DeviceMajor, uint DeviceMinor, ulong Inode)
{
    private const int CurrentDirectory = -100;
    private const uint InodeWanted = 0x100;

    /// <summary>Null when there is no file, or none that this user may see.</summary>
    public static FileIdentity? Of(string path) =>
        StatX(CurrentDirectory, path, 0, InodeWanted, out var found) == 0
            ? new FileIdentity(found.DeviceMajor, found.DeviceMinor, found.Inode)
            : null;

    // statx rather than stat: the layout of its result is the same on every architecture.
    [DllImport("libc", EntryPoint = "statx")]
    private static extern int StatX(
        int directory,
        [MarshalAs(UnmanagedType.LPUTF8Str)] string path,
        int flags,
        uint wanted,
        out StatXResult result);

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private readonly struct StatXResult
    {
        [FieldOffset(32)] public readonly ulong Inode;
        [FieldOffset(136)] public readonly uint DeviceMajor;
        [FieldOffset(140)] public readonly uint DeviceMinor;
    }
}
