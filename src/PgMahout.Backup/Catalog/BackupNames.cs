using System.Globalization;
using System.Text;
using PgMahout.Backup.Repositories;
using PgMahout.Core.Backup;

namespace PgMahout.Backup.Catalog;

/// <summary>The names of the objects of one backup.</summary>
internal sealed record BackupNames(ulong SystemIdentifier, BackupId Id)
{
    private const string HeadName = "head.json";

    public string Prefix => $"{AllPrefix(SystemIdentifier)}{Id}/";

    public string Head => Prefix + HeadName;

    /// <summary>Is there while the objects of a backup are being removed: whoever sees it goes on.</summary>
    public string Removal => Prefix + "removal.json";

    /// <summary>All of it goes when the backup is finished.</summary>
    public string JournalPrefix => Prefix + "journal/";

    public string Manifest(string ending) => Prefix + "manifest.json" + ending;

    public string Pack(int number, string ending) => Prefix + PackName(number, ending);

    /// <summary>What a pack holds, written behind it, for a later run that goes on where this one broke off.</summary>
    public string Journal(int number) => $"{JournalPrefix}{number:D6}.json";

    public static string AllPrefix(ulong systemIdentifier) => Repository.PrefixOf(systemIdentifier) + "backup/";

    /// <summary>What a frame is encrypted for, so that none can be put in another's place.</summary>
    public static byte[] Place(string pack, int offset) =>
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{pack}@{offset}"));

    /// <summary>Null for an object of no backup.</summary>
    public static BackupId? IdOf(ulong systemIdentifier, string name)
    {
        var prefix = AllPrefix(systemIdentifier);
        var slash = name.StartsWith(prefix, StringComparison.Ordinal) ? name.IndexOf('/', prefix.Length) : -1;
        return slash > prefix.Length ? new BackupId(name[prefix.Length..slash]) : null;
    }

    public static bool IsHead(string name) => name.EndsWith("/" + HeadName, StringComparison.Ordinal);

    private static string PackName(int number, string ending) => $"pack/{number:D6}{ending}";
}
