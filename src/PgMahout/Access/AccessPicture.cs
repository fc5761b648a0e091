using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using PgMahout.Configuring;
using PgMahout.Core.Access;
using PgMahout.Core.Cluster;
using PgMahout.Postgres.Files;

namespace PgMahout.Access;

/// <summary>Where a line of a member's pg_hba.conf comes from.</summary>
internal enum RuleOrigin
{
    /// <summary>The cluster needs it.</summary>
    Own,

    /// <summary>An operator's, for every member.</summary>
    Configured,

    /// <summary>From the file beside it, for this member alone.</summary>
    Local,
}

/// <summary>The rules of one member, and what they refer to outside their file.</summary>
internal sealed record AccessPicture(MemberSpec Member, AccessPreview Preview, HbaFile File, Surroundings Surroundings)
{
    private static readonly TimeSpan NameLimit = TimeSpan.FromSeconds(1);

    public RuleOrigin OriginOf(int line) => line <= Preview.OwnLines ? RuleOrigin.Own
        : line < Preview.LocalFrom ? RuleOrigin.Configured
        : RuleOrigin.Local;

    /// <param name="rules">The rules of the cluster's configuration to draw it with.</param>
    public static async Task<AccessPicture> DrawAsync(
        ConfigurationAccess access, MemberSpec member, ImmutableArray<string> rules, CancellationToken cancellation)
    {
        var settings = access.SettingsOf(member, access.State.Current.Desired);
        var preview = AccessPreview.Of(settings, rules);
        var file = HbaFile.Parse(preview.Text, new HbaDialect(settings.Binaries.Major));
        return new AccessPicture(member, preview, file, await LookAroundAsync(file, cancellation));
    }

    /// <summary>All members are on this machine, so its addresses are theirs.</summary>
    private static async Task<Surroundings> LookAroundAsync(HbaFile file, CancellationToken cancellation)
    {
        var own = NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(network => network.GetIPProperties().UnicastAddresses)
            .Select(found => (Address: AddressOf(found.Address), found.PrefixLength))
            .Where(found => found.Address is not null)
            .Select(found => IpRange.Of(found.Address!.Value, found.PrefixLength))
            .ToImmutableArray();
        var names = file.Rules.Select(rule => (rule.Address as HbaAddress.HostName)?.Name)
            .OfType<string>().Where(name => !name.StartsWith('.')).Distinct();
        var found = ImmutableSortedDictionary.CreateBuilder<string, ImmutableArray<IpAddress>>(StringComparer.Ordinal);
        foreach (var name in names)
            if (await ResolveAsync(name, cancellation) is { } addresses)
                found[name] = addresses;
        return new Surroundings([.. own.Select(range => range.Address)], own, found.ToImmutable());
    }

    private static async Task<ImmutableArray<IpAddress>?> ResolveAsync(string name, CancellationToken cancellation)
    {
        try
        {
            var found = await Dns.GetHostAddressesAsync(name, cancellation).WaitAsync(NameLimit, cancellation);
            return [.. found.Select(AddressOf).OfType<IpAddress>()];
        }
        catch (Exception unknown) when (unknown is SocketException or TimeoutException)
        {
            return null;
        }
    }

    private static IpAddress? AddressOf(IPAddress address) => IpAddress.Parse(address.ToString());
}
