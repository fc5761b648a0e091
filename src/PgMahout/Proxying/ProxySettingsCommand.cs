using System.Net;
using PgMahout.CommandLine;
using PgMahout.Core.Cluster;
using PgMahout.Core.Proxy;
using PgMahout.Core.Proxy.Routing;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Hosts;
using PgMahout.Output;
using PgMahout.Starting;
using PgMahout.Status;
using PgMahout.Store.Records;

namespace PgMahout.Proxying;

/// <summary>Shows and changes how the proxy listens and pools; gives a cluster one, or takes it away.</summary>
internal sealed class ProxySettingsCommand(Invocation invocation)
{
    private Screen Screen => invocation.Screen;

    /// <param name="change">From what there is, or the defaults, to what is wanted; null: no proxy.</param>
    public async Task<Ending> RunAsync(Func<ProxySettings, ProxySettings?> change)
    {
        var opened = await ClusterAccess.OpenAsync(invocation.Home, invocation.Cancellation);
        if (!opened.TryGet(out var cluster, out var failure))
            return failure;
        await using var closing = cluster;
        var present = cluster.Records.Proxy?.Value;
        var begin = present ?? Beginning(cluster);
        var wanted = change(begin);
        if (present is null && wanted == begin)
            return ProxyCommand.None();
        if (wanted != present)
        {
            if (WhyNot(wanted, present) is { } refused)
                return refused;
            if (await ChangeAsync(cluster, wanted) is { } failed)
                return failed;
        }
        var moved = wanted is not null && present is not null
            && ProxyText.Addresses(wanted) != ProxyText.Addresses(present);
        Done.Say(Screen, new Done("proxy settings", cluster.Spec.Name, wanted is null
            ? "no proxy any more"
            : ProxyText.Sentence(wanted) + (moved ? "; from `pgmahout proxy restart` on" : "")));
        return Ending.Ok;
    }

    /// <summary>A cluster that begins to have a proxy has it where it would have had it from the start.</summary>
    private static ProxySettings Beginning(ClusterAccess cluster)
    {
        var first = cluster.Spec.Members.Min(member => member.Port);
        return new UpRequest(null, first, null, null, null).ProxyFor(cluster.Home)!;
    }

    private static Failure? WhyNot(ProxySettings? wanted, ProxySettings? present)
    {
        if (wanted is null)
            return null;
        if (!IPAddress.TryParse(wanted.ListenHost, out _))
            return new Failure(ErrorCatalogue.Usage, $"'{wanted.ListenHost}' is no address in numbers");
        if (wanted.ReadPort == wanted.WritePort)
            return new Failure(ErrorCatalogue.Usage, "the port for reads is another than the one for transactions");
        if (wanted.CertificateFile is null != wanted.KeyFile is null)
            return new Failure(ErrorCatalogue.Usage, "a certificate and its key are given together");
        if (wanted is { RequireTls: true, CertificateFile: null })
            return new Failure(ErrorCatalogue.Usage, "TLS can only be required where there is a certificate");
        if (RouteRules.Parse(wanted.Routes, out var wrong) is null)
            return new Failure(ErrorCatalogue.Usage, $"'{wrong}' is no rule")
                .Because("it is USER=WHERE or USER@DATABASE=WHERE, and WHERE is primary, standby or prefer-standby");
        if (NameRules.Parse(wanted.ReadingNames, out wrong) is null
            || NameRules.Parse(wanted.WritingNames, out wrong) is null)
            return new Failure(ErrorCatalogue.Usage, $"'{wrong}' is no name, with a schema or without");
        if (wanted.ServerAuthorityFile is { } authority && !File.Exists(authority))
            return new Failure(ErrorCatalogue.Usage, $"there is no {authority}");
        var old = ProxyAddresses.Of(present).Select(address => address.Port).ToHashSet();
        var taken = ListeningPorts.Read();
        return ProxyAddresses.Of(wanted).Any(address => !old.Contains(address.Port) && taken.IsTaken(address.Port))
            ? taken.WhyNotFree(wanted)
            : null;
    }

    private async Task<Failure?> ChangeAsync(ClusterAccess cluster, ProxySettings? wanted)
    {
        var failure = await cluster.ChangeAsync(
            ClusterRecords.ChangeProxy(cluster.Records.Proxy?.Revision ?? Revision.None, wanted),
            "changing the proxy", invocation.Cancellation);
        if (failure is not null)
            return failure;
        await cluster.TellAsync(
            JournalKind.ProxySettings, null, wanted is null ? "no proxy any more" : ProxyText.Sentence(wanted),
            invocation.Cancellation);
        // That of a host has the others' addresses too, which no record has, and holds at any port.
        return HostHome.Is(cluster.Home) ? null : HomeCreation.WriteSecrets(cluster.Home, cluster.Spec, wanted);
    }
}
