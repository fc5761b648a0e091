using System.Reflection;
using System.Runtime.InteropServices;
using PgMahout.Postgres;

namespace PgMahout.Backup.Framing;

/// <summary>
/// The compression libraries that PostgreSQL itself is linked with. Their files are named with the version of the
/// interface: the plain name is there only where programs are compiled.
/// </summary>
internal static class CodecLibraries
{
    public const string Zstd = "libzstd";
    public const string Lz4 = "liblz4";

    static CodecLibraries() => NativeLibrary.SetDllImportResolver(typeof(CodecLibraries).Assembly, Resolve);

    /// <summary>Must be called before the first function of a library: it tells the runtime where to look.</summary>
    public static Problem? Missing(string library) =>
        Resolve(library, typeof(CodecLibraries).Assembly, null) != 0
            ? null
            : new Problem(
                "compression-missing",
                $"{library} cannot be loaded",
                $"there is no {library}.so.1 on this machine",
                "nothing was written",
                library == Zstd ? "install the package libzstd1" : "install the package liblz4-1");

    private static nint Resolve(string library, Assembly assembly, DllImportSearchPath? path) =>
        library is Zstd or Lz4 && NativeLibrary.TryLoad(library + ".so.1", out var handle) ? handle : 0;
}
