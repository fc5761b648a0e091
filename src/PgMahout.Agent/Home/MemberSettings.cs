using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Configuration;
using PgMahout.Postgres.Files;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Instance;

namespace PgMahout.Agent.Home;

/// <summary>What PostgreSQL of one member is configured with, from the spec and the home.</summary>
public static class MemberSettings
{
    public static InstanceSettings For(
        HomeLayout home,
        ClusterSpec spec,
        MemberSpec member,
        DesiredConfiguration desired,
        (PostgresBinaries Binaries, ServerAccount Account, ClusterSecrets Secrets) host) =>
        new()
        {
            Name = member.Name,
            ClusterName = spec.Name,
            DataDirectory = home.DataDirectory(member.Name),
            MemberDirectory = home.MemberDirectory(member.Name),
            StartLog = home.StartLog(member.Name),
            Host = member.Host,
            Port = member.Port,
            SocketDirectory = home.RunDirectory,
            Binaries = host.Binaries,
            Account = host.Account,
            Secrets = host.Secrets,
            Timing = spec.Timing,
            Tuning = TuningFile.Read(home.TuningFile(member.Name)),
            Desired = desired.For(member.Name),
            AccessRules = desired.AccessRules,
            Others = [.. spec.Others(member.Name)],
            IsReachedOtherwise = HostOf(home)?.Address is not null,
            Proxies = HostOf(home)?.Proxies ?? [],
            FormerReach = AdoptionFile.Read(home.AdoptionFile(member.Name))?.Reach,
            CertificateDirectory = member.Api == home.ApiAddress(member.Name) ? null : home.CertificateDirectory,
            TwinCertificateDirectory = member.Api == home.ApiAddress(member.Name)
                ? null
                : new HomeLayout(home.TwinHome).CertificateDirectory,
        };

    // Who cannot read it has said so when the store was opened.
    private static HostFile? HostOf(HomeLayout home)
    {
        try
        {
            return HostFile.Read(home);
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }
}

/// <summary>
/// The tuning of one member: lines of <c>name = value</c>, written once before its first start, since it depends on the
/// machine that the member is on.
/// </summary>
public static class TuningFile
{
    public static ImmutableSortedDictionary<string, string> Read(string path)
    {
        var settings = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        if (!File.Exists(path))
            return settings.ToImmutable();
        foreach (var line in File.ReadLines(path))
        {
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && !line.TrimStart().StartsWith('#'))
                settings[line[..equals].Trim()] = line[(equals + 1)..].Trim();
        }
        return settings.ToImmutable();
    }

    /// <param name="settings">Name, value, and the reason, which goes into a comment.</param>
    public static void Write(string path, IEnumerable<(string Name, string Value, string Reason)> settings) =>
        File.WriteAllLines(path, settings.SelectMany(setting =>
            new[] { "# " + setting.Reason, $"{setting.Name} = {setting.Value}" }));
}
