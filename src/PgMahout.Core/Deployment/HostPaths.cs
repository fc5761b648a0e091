namespace PgMahout.Core.Deployment;

/// <summary>Where everything is on a host that we have deployed to.</summary>
public static class HostPaths
{
    public const string Account = "postgres";
    public const string Home = "/var/lib/pgmahout";
    public const string HostFile = Home + "/host.json";

    /// <summary>Of a file that keeps a host's agent from starting; it holds the name of who is restored.</summary>
    public const string HeldName = "held";
    public const string Held = Home + "/" + HeldName;
    public const string Certificates = Home + "/certs";
    public const string Secrets = Home + "/secrets";
    public const string RepositoryCredentials = Secrets + "/repository-credentials";
    public const string RepositoryKey = Secrets + "/repository-key";
    public const string EtcdDirectory = Home + "-etcd";

    /// <summary>Each version of the program in a directory of its own, and one link.</summary>
    public const string Programs = "/opt/pgmahout";
    public const string Current = Programs + "/current";
    public const string Program = Current + "/pgmahout";
    public const string Runtime = Programs + "/dotnet";
    public const string Command = "/usr/local/bin/pgmahout";
    public const string Settings = "/etc/pgmahout";
    public const string Units = "/etc/systemd/system";

    /// <summary>Where the other cluster of a pair is, and a certificate of its authority.</summary>
    public const string Twin = Home + "/region";
    public const string TwinFile = Twin + "/host.json";
    public const string TwinCertificates = Twin + "/certs";

    public static string CertificateFile(string name) => $"{Certificates}/{name}";
}
