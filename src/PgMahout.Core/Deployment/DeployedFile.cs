using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace PgMahout.Core.Deployment;

/// <summary>A file as it shall be on a host.</summary>
/// <param name="Mode">Octal, such as 0644.</param>
/// <param name="Owner">The account that it belongs to.</param>
public sealed record DeployedFile(string Path, string Content, string Mode, string Owner)
{
    /// <summary>SHA-256 of its bytes, in lower-case hexadecimal.</summary>
    public string Digest => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Content)));

    public bool IsAsWanted(HostSurvey survey) => survey.Digests.GetValueOrDefault(Path) == Digest;

    /// <summary>Keys are among them.</summary>
    public override string ToString() => Path;
}

/// <summary>What one host is to have.</summary>
/// <param name="HostFile">What its home says of itself, word by word.</param>
/// <param name="Certificates">In the home.</param>
/// <param name="Units">Of systemd, and what they read.</param>
public sealed record HostGoods(
    string HostFile, ImmutableArray<DeployedFile> Certificates, ImmutableArray<DeployedFile> Units)
{
    /// <summary>Of the other cluster of a pair: where it is, and what opens its store. Empty: there is none.</summary>
    public ImmutableArray<DeployedFile> Twin { get; init; } = [];

    /// <summary>Names of units, in the order in which they are started.</summary>
    public ImmutableArray<string> Started { get; init; } = [];

    /// <summary>What the repository wants, in the home's directory of secrets.</summary>
    public ImmutableArray<DeployedFile> Secrets { get; init; } = [];
}

/// <summary>What the operator's machine has to give.</summary>
/// <param name="Program">The version of pgmahout, a name for a directory.</param>
/// <param name="Runtime">The version of .NET's runtime that it runs with here.</param>
/// <param name="Architecture">Of both, as uname prints it.</param>
/// <param name="ForHosts">By the host's name.</param>
public sealed record DeploymentGoods(
    string Program, string Runtime, string Architecture, ImmutableSortedDictionary<string, HostGoods> ForHosts);
