using System.Globalization;
using PgMahout.CommandLine;
using PgMahout.Core.Proxy;
using PgMahout.Errors;
using PgMahout.Output;
using PgMahout.Status;

namespace PgMahout.Proxying;

/// <summary>The proxy in a status, and its settings as an operator would say them.</summary>
internal static class ProxyText
{
    public static string Lines(ProxyObservation seen)
    {
        if (seen is not { Settings: { } settings, Account: { } account })
            return "";
        List<string[]> rows =
        [
            ["PROXY", "STATE", "WRITES GO TO", "CLIENTS", "WAITING", "SERVERS", "TRANSACTIONS"],
            [
                AddressOf(settings), State(account), account.Primary ?? "-", Number(account.Clients),
                Number(account.Waiting), Number(account.Servers), Number(account.Totals.Transactions),
            ],
        ];
        return Columns.Align(rows);
    }

    public static IEnumerable<string> Plain(ProxyObservation seen) =>
        seen is not { Settings: { } settings, Account: { } account }
            ? []
            :
            [
                Columns.Tabbed(
                    "proxy", AddressOf(settings), State(account), account.Primary, Number(account.Clients),
                    Number(account.Waiting), Number(account.Servers), Number(account.Totals.Transactions)),
            ];

    public static IEnumerable<Notice> Notices(ProxyObservation seen)
    {
        if (seen.Settings is not { } settings)
            yield break;
        if (seen.Account is not { } account)
            yield return new Notice(
                ErrorCatalogue.ProxyDown.Code, $"the proxy on {AddressOf(settings)} does not run", "pgmahout logs");
        else if (!account.Listening)
            yield return new Notice(
                ErrorCatalogue.ProxyDown.Code, $"the proxy does not listen on {AddressOf(settings)}", "pgmahout logs");
        else if (account.Paused)
            yield return new Notice(
                ErrorCatalogue.ProxyPaused.Code, "the proxy is paused: its clients wait", "pgmahout proxy resume");
        if (seen.Account is { } other && other.Address != Addresses(settings))
            yield return new Notice(
                ErrorCatalogue.ProxyMoves.Code,
                $"the proxy still listens on {other.Address.Host}:{other.Address.WritePort}, "
                + $"and should on {AddressOf(settings)}",
                "pgmahout proxy restart");
    }

    /// <summary>As an operator would say it.</summary>
    public static string Sentence(ProxySettings settings)
    {
        string[] parts =
        [
            $"clients connect to {AddressOf(settings)}",
            settings.ReadPort == 0 ? "no port for reads" : $"for reads to port {settings.ReadPort}",
            settings.Mode == PoolMode.Transaction
                ? "servers are shared by transactions" : "each client has a server of its own",
            $"{settings.PoolSize} servers and {settings.ReserveSize} in reserve for each user and database",
            $"at most {settings.MaxClients} clients",
            $"without a primary they wait for {Durations.Text(settings.Hold)}",
            $"standbys that are more than {Durations.Text(settings.LagLimit)} behind are not read from",
            settings.SplitReads
                ? "reads on the first port go to standbys too"
                : "on the first port all goes to the primary",
            .. Listed("routes", settings.Routes),
            .. Listed("names that read", settings.ReadingNames),
            .. Listed("names that write", settings.WritingNames),
            settings.CertificateFile is null ? "without TLS" : settings.RequireTls ? "with TLS only" : "with TLS",
            $"to members by TCP: TLS {ServerTlsWords.Word(settings.ServerTls)}",
        ];
        return string.Join("; ", parts);
    }

    private static string[] Listed(string what, string list) => list.Length == 0 ? [] : [$"{what}: {list}"];

    public static ProxyAddresses Addresses(ProxySettings settings) =>
        new(settings.ListenHost, settings.WritePort, settings.ReadPort);

    private static string AddressOf(ProxySettings settings) => string.Create(
        CultureInfo.InvariantCulture, $"{settings.ListenHost}:{settings.WritePort}");

    private static string State(ProxyAccount account) => account switch
    {
        { Listening: false } => "not listening",
        { Paused: true } => "paused",
        { Primary: null } or { HoldingSeconds: not null } => "holding",
        _ => "serving",
    };

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
