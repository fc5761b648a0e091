using System.CommandLine;
using PgMahout.CommandLine;
using PgMahout.Core.Proxy;

namespace PgMahout.Verbs;

/// <summary>The options of <c>proxy settings</c>: what is not given stays as it is.</summary>
internal sealed class ProxyOptions
{
    private const int HighestPort = 65535;

    private readonly Option<bool> _off = new("--off") { Description = "No proxy any more." };
    private readonly Option<string?> _listen = new("--listen")
    {
        Description = "The address that clients connect to, in numbers (0.0.0.0: every one).",
        HelpName = "ADDRESS",
    };

    private readonly Option<int?> _port = Number("--port", (1, HighestPort), "TCP port for transactions.");
    private readonly Option<int?> _readPort = Number("--read-port", (0, HighestPort), "For reads (0: none).");
    private readonly Option<string?> _mode = Words(
        "--mode", "When a server goes back to its pool.", "transaction", "session");

    private readonly Option<int?> _poolSize = Number(
        "--pool-size", (1, 10_000), "Servers for each user and database, on each member.");

    private readonly Option<int?> _reserve = Number(
        "--reserve", (0, 10_000), "More of them, once a client has waited for a second.");

    private readonly Option<int?> _clients = Number("--max-clients", (1, 100_000), "Connected at once.");
    private readonly Option<TimeSpan?> _hold = Span("--hold", "30s", "Clients wait so long for a primary.");
    private readonly Option<TimeSpan?> _lag = Span("--lag-limit", "10s", "A standby further behind is not read from.");
    private readonly Option<string?> _split = Words(
        "--split-reads", "Whether reads on the first port may go to standbys.", "on", "off");

    private readonly Option<string?> _routes = Text(
        "--route", "USER[@DATABASE]=WHERE,…",
        "Where they go: primary, standby or prefer-standby; * is any (none: no rule).");

    private readonly Option<string?> _reading = Text(
        "--read-names", "NAME,…", "Functions that may run on a standby when reads are split; * for any letters.");

    private readonly Option<string?> _writing = Text(
        "--write-names", "NAME,…", "Functions, views and tables that need the primary; * for any letters.");

    private readonly Option<string?> _certificate = new("--certificate")
    {
        Description = "PEM file of the certificate that clients are shown (none: no TLS).",
        HelpName = "FILE",
    };

    private readonly Option<string?> _key = new("--key") { Description = "PEM file of its key.", HelpName = "FILE" };
    private readonly Option<string?> _requireTls = Words(
        "--require-tls", "Turn clients without TLS away.", "on", "off");

    private readonly Option<string?> _serverTls = Words(
        "--server-tls", "Whether connections to members by TCP are encrypted.", ServerTlsWords.All);

    private readonly Option<string?> _serverAuthority = new("--server-authority")
    {
        Description = "PEM file of what members' certificates come from (none: what this system believes).",
        HelpName = "FILE",
    };

    public IEnumerable<Option> All =>
    [
        _listen, _port, _readPort, _mode, _poolSize, _reserve, _clients, _hold, _lag, _split, _routes, _reading,
        _writing, _certificate, _key, _requireTls, _serverTls, _serverAuthority, _off,
    ];

    /// <returns>Null: no proxy.</returns>
    public ProxySettings? Change(ParseResult parse, ProxySettings settings) => parse.GetValue(_off)
        ? null
        : settings with
        {
            ListenHost = parse.GetValue(_listen) ?? settings.ListenHost,
            WritePort = parse.GetValue(_port) ?? settings.WritePort,
            ReadPort = parse.GetValue(_readPort) ?? settings.ReadPort,
            Mode = parse.GetValue(_mode) switch
            {
                "session" => PoolMode.Session,
                "transaction" => PoolMode.Transaction,
                _ => settings.Mode,
            },
            PoolSize = parse.GetValue(_poolSize) ?? settings.PoolSize,
            ReserveSize = parse.GetValue(_reserve) ?? settings.ReserveSize,
            MaxClients = parse.GetValue(_clients) ?? settings.MaxClients,
            Hold = parse.GetValue(_hold) ?? settings.Hold,
            LagLimit = parse.GetValue(_lag) ?? settings.LagLimit,
            SplitReads = Switched(parse.GetValue(_split), settings.SplitReads),
            Routes = Listed(parse.GetValue(_routes), settings.Routes),
            ReadingNames = Listed(parse.GetValue(_reading), settings.ReadingNames),
            WritingNames = Listed(parse.GetValue(_writing), settings.WritingNames),
            CertificateFile = File(parse.GetValue(_certificate), settings.CertificateFile),
            KeyFile = File(parse.GetValue(_key), settings.KeyFile),
            RequireTls = Switched(parse.GetValue(_requireTls), settings.RequireTls),
            ServerTls = parse.GetValue(_serverTls) is { } word
                ? ServerTlsWords.Parse(word) ?? settings.ServerTls
                : settings.ServerTls,
            ServerAuthorityFile = File(parse.GetValue(_serverAuthority), settings.ServerAuthorityFile),
        };

    private static bool Switched(string? word, bool otherwise) => word is null ? otherwise : word == "on";

    private static string Listed(string? given, string otherwise) => given switch
    {
        null => otherwise,
        "none" => "",
        _ => given,
    };

    private static Option<string?> Text(string name, string form, string description) =>
        new(name) { Description = description, HelpName = form };

    private static string? File(string? given, string? otherwise) => given switch
    {
        null => otherwise,
        "none" => null,
        _ => Path.GetFullPath(given),
    };

    private static Option<int?> Number(string name, (int Least, int Most) range, string description)
    {
        var option = new Option<int?>(name) { Description = description, HelpName = "N" };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token]
                && (!int.TryParse(token.Value, out var number) || number < range.Least || number > range.Most))
                result.AddError($"{name} lies between {range.Least} and {range.Most}");
        });
        return option;
    }

    private static Option<TimeSpan?> Span(string name, string example, string description) =>
        new(name) { Description = description, HelpName = example, CustomParser = Durations.Parse };

    private static Option<string?> Words(string name, string description, params string[] words)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = string.Join('|', words) };
        option.AcceptOnlyFromAmong(words);
        return option;
    }
}
