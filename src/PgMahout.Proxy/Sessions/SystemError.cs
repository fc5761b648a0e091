using System.Runtime.InteropServices;

namespace PgMahout.Proxy.Sessions;

internal static class SystemError
{
    /// <summary>For people: what the system says of an error, or of an end without one.</summary>
    public static string Text(int error) =>
        error == 0 ? "the connection was closed" : Marshal.GetPInvokeErrorMessage(error);
}
