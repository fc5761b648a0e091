using System.Runtime.InteropServices;

namespace PgMahout.Store.Sqlite;

/// <summary>A second name for a file.</summary>
internal static class FileLink
{
    private const int Exists = 17;

    /// <summary>
    /// In one step, and never in place of another file: <see cref="File.Move(string, string)"/> looks first and then
    /// replaces whatever came in between. A name that is taken is left as it is: who took it made it whole as well.
    /// </summary>
    public static void CreateUnlessTaken(string existing, string created)
    {
        if (Link(existing, created) != 0 && Marshal.GetLastPInvokeError() is not Exists and var error)
            throw new IOException($"linking {created} failed: {Marshal.GetPInvokeErrorMessage(error)}", error);
    }

    [DllImport("libc", EntryPoint = "link", SetLastError = true)]
    private static extern int Link(
        [MarshalAs(UnmanagedType.LPUTF8Str)] string existing, [MarshalAs(UnmanagedType.LPUTF8Str)] string created);
}
