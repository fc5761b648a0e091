using PgMahout.Core.Backup;

namespace PgMahout.Agent.Home;

/// <summary>Where an operator wants a member's next copy from; there until that copy is made.</summary>
public static class CopyOriginFile
{
    public static CopyOrigin Read(string path) =>
        File.Exists(path) && Enum.TryParse(File.ReadAllText(path).Trim(), ignoreCase: true, out CopyOrigin origin)
            ? origin
            : CopyOrigin.Auto;

    public static void Write(string path, CopyOrigin origin) => File.WriteAllText(path, $"{origin}\n");
}
