using System.Runtime.InteropServices;

namespace PgMahout.Processes;

/// <summary>Lets this process become another program.</summary>
internal static partial class ProcessImage
{
    /// <summary>Does not return when it works; returns why it did not.</summary>
    /// <param name="arguments">The program's name first.</param>
    public static string Replace(string program, string[] arguments)
    {
        _ = Execute(program, [.. arguments, null]);
        return Marshal.GetLastPInvokeErrorMessage();
    }

    [LibraryImport("libc", EntryPoint = "execvp", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execute(string file, string?[] arguments);
}
