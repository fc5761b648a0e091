using PgMahout.Core.Proxy;

namespace PgMahout.Store.Records;

/// <summary>What is missing has its default: a later version may know more settings than wrote the record.</summary>
internal static class ProxyCodec
{
    private static readonly ProxySettings Defaults = new();

    public static string Encode(ProxySettings settings) => RecordText.Encode(json =>
    {
        json.WriteString("listenHost", settings.ListenHost);
        json.WriteNumber("writePort", settings.WritePort);
        json.WriteNumber("readPort", settings.ReadPort);
        json.WriteString("socketDirectory", settings.SocketDirectory);
        json.WriteString("mode", Word(settings.Mode));
        json.WriteNumber("poolSize", settings.PoolSize);
        json.WriteNumber("reserveSize", settings.ReserveSize);
        json.WriteNumber("reserveAfterSeconds", Seconds(settings.ReserveAfter));
        json.WriteNumber("maxClients", settings.MaxClients);
        json.WriteNumber("holdSeconds", Seconds(settings.Hold));
        json.WriteNumber("loginLimitSeconds", Seconds(settings.LoginLimit));
        json.WriteNumber("connectLimitSeconds", Seconds(settings.ConnectLimit));
        json.WriteNumber("serverIdleLimitSeconds", Seconds(settings.ServerIdleLimit));
        json.WriteNumber("serverLifetimeSeconds", Seconds(settings.ServerLifetime));
        json.WriteNumber("lagLimitSeconds", Seconds(settings.LagLimit));
        json.WriteBoolean("splitReads", settings.SplitReads);
        json.WriteString("routes", settings.Routes);
        json.WriteString("readingNames", settings.ReadingNames);
        json.WriteString("writingNames", settings.WritingNames);
        json.WriteNumber("messageLimitBytes", settings.MessageLimit);
        json.WriteNumber("memoryLimitBytes", settings.MemoryLimit);
        json.WriteString("certificateFile", settings.CertificateFile);
        json.WriteString("keyFile", settings.KeyFile);
        json.WriteBoolean("requireTls", settings.RequireTls);
        json.WriteString("serverTls", ServerTlsWords.Word(settings.ServerTls));
        json.WriteString("serverAuthorityFile", settings.ServerAuthorityFile);
    });

    public static ProxySettings Decode(RecordFields fields) => Defaults with
    {
        ListenHost = fields.TextOrNull("listenHost") ?? Defaults.ListenHost,
        WritePort = (int)fields.Number("writePort", 1, 65535),
        ReadPort = (int)fields.Number("readPort", 0, 65535),
        SocketDirectory = fields.TextOrNull("socketDirectory"),
        Mode = Mode(fields),
        PoolSize = Number(fields, "poolSize", Defaults.PoolSize),
        ReserveSize = Number(fields, "reserveSize", Defaults.ReserveSize),
        ReserveAfter = fields.SecondsOrNull("reserveAfterSeconds") ?? Defaults.ReserveAfter,
        MaxClients = Number(fields, "maxClients", Defaults.MaxClients),
        Hold = fields.SecondsOrNull("holdSeconds") ?? Defaults.Hold,
        LoginLimit = fields.SecondsOrNull("loginLimitSeconds") ?? Defaults.LoginLimit,
        ConnectLimit = fields.SecondsOrNull("connectLimitSeconds") ?? Defaults.ConnectLimit,
        ServerIdleLimit = fields.SecondsOrNull("serverIdleLimitSeconds") ?? Defaults.ServerIdleLimit,
        ServerLifetime = fields.SecondsOrNull("serverLifetimeSeconds") ?? Defaults.ServerLifetime,
        LagLimit = fields.SecondsOrNull("lagLimitSeconds") ?? Defaults.LagLimit,
        SplitReads = fields.Flag("splitReads"),
        Routes = fields.TextOrNull("routes") ?? Defaults.Routes,
        ReadingNames = fields.TextOrNull("readingNames") ?? Defaults.ReadingNames,
        WritingNames = fields.TextOrNull("writingNames") ?? Defaults.WritingNames,
        MessageLimit = Number(fields, "messageLimitBytes", Defaults.MessageLimit),
        MemoryLimit = fields.NumberOrNull("memoryLimitBytes") ?? Defaults.MemoryLimit,
        CertificateFile = fields.TextOrNull("certificateFile"),
        KeyFile = fields.TextOrNull("keyFile"),
        RequireTls = fields.Flag("requireTls"),
        ServerTls = fields.TextOrNull("serverTls") is { } word
            ? ServerTlsWords.Parse(word) ?? throw fields.Fault("serverTls", $"is '{word}'")
            : Defaults.ServerTls,
        ServerAuthorityFile = fields.TextOrNull("serverAuthorityFile"),
    };

    private static decimal Seconds(TimeSpan span) => (decimal)span.Ticks / TimeSpan.TicksPerSecond;

    private static int Number(RecordFields fields, string name, int otherwise) =>
        fields.NumberOrNull(name) is { } number
            ? number <= int.MaxValue ? (int)number : throw fields.Fault(name, $"is more than {int.MaxValue}")
            : otherwise;

    private static string Word(PoolMode mode) => mode switch
    {
        PoolMode.Session => "session",
        PoolMode.Transaction => "transaction",
    };

    private static PoolMode Mode(RecordFields fields) => fields.Text("mode") switch
    {
        "session" => PoolMode.Session,
        "transaction" => PoolMode.Transaction,
        var other => throw fields.Fault("mode", $"is '{other}', neither session nor transaction"),
    };
}
