using System.Formats.Tar;
using System.IO.Compression;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace PgMahout.Deploying;

/// <summary>This program, and the runtime that it runs with, as they are brought to hosts.</summary>
internal sealed class OwnProgram : IDisposable
{
    // Each is packed once, for whoever needs it first.
    private readonly SemaphoreSlim _packing = new(1);
    private readonly string _packed;
    private readonly string[] _files;

    private OwnProgram(string packed, string[] files) => (_packed, _files) = (packed, files);

    /// <summary>
    /// A name for a directory: the version, and eight digits of what the files are, because two builds of one version
    /// differ.
    /// </summary>
    public required string Version { get; init; }

    /// <summary>Of .NET.</summary>
    public string RuntimeVersion => Path.GetFileName(RuntimeDirectory);

    /// <summary>As uname prints it.</summary>
    public static string Architecture =>
        RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64
            ? "aarch64"
            : "x86_64";

    private static string RuntimeDirectory =>
        Path.TrimEndingDirectorySeparator(RuntimeEnvironment.GetRuntimeDirectory());

    public static OwnProgram Look()
    {
        string[] files =
        [
            .. Directory.EnumerateFiles(AppContext.BaseDirectory, "*", SearchOption.AllDirectories)
                .Where(file => !file.EndsWith(".pdb", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal),
        ];
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in files)
        {
            digest.AppendData(Encoding.UTF8.GetBytes(Path.GetRelativePath(AppContext.BaseDirectory, file)));
            using var content = File.OpenRead(file);
            digest.AppendData(SHA256.HashData(content));
        }
        var version = typeof(OwnProgram).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!
            .InformationalVersion.Split('+')[0];
        // Private to this user by its creation.
        var packed = Directory.CreateTempSubdirectory("pgmahout-").FullName;
        return new OwnProgram(packed, files)
        {
            Version = $"{version}-{Convert.ToHexStringLower(digest.GetHashAndReset())[..8]}",
        };
    }

    /// <summary>A compressed tar of the program's directory.</summary>
    public Task<string> PackProgramAsync(CancellationToken cancellation) => PackAsync(
        "program", _files.Select(file => (file, Path.GetRelativePath(AppContext.BaseDirectory, file))), cancellation);

    /// <summary>
    /// A compressed tar of as much of .NET as a program needs, in the places in which a program looks for it.
    /// </summary>
    public Task<string> PackRuntimeAsync(CancellationToken cancellation)
    {
        var root = Path.GetFullPath(Path.Combine(RuntimeDirectory, "..", "..", ".."));
        string[] parts = [RuntimeDirectory, Path.Combine(root, "host", "fxr", RuntimeVersion)];
        return PackAsync(
            "runtime",
            parts.SelectMany(part => Directory.EnumerateFiles(part, "*", SearchOption.AllDirectories))
                .Select(file => (file, Path.GetRelativePath(root, file))),
            cancellation);
    }

    public void Dispose()
    {
        _packing.Dispose();
        Directory.Delete(_packed, recursive: true);
    }

    private async Task<string> PackAsync(
        string name, IEnumerable<(string File, string Entry)> files, CancellationToken cancellation)
    {
        var path = Path.Combine(_packed, name + ".tar.gz");
        await _packing.WaitAsync(cancellation);
        try
        {
            if (!File.Exists(path))
                await WriteAsync(path + ".new", files, cancellation);
            if (!File.Exists(path))
                File.Move(path + ".new", path);
            return path;
        }
        finally
        {
            _packing.Release();
        }
    }

    private static async Task WriteAsync(
        string path, IEnumerable<(string File, string Entry)> files, CancellationToken cancellation)
    {
        await using var packed = File.Create(path);
        await using var compressed = new GZipStream(packed, CompressionLevel.Fastest);
        await using var tar = new TarWriter(compressed);
        foreach (var (source, entry) in files)
            await tar.WriteEntryAsync(source, entry, cancellation);
    }
}
