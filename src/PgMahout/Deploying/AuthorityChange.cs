namespace PgMahout.Deploying;

/// <summary>How far the change of a cluster's authority for a new one has come.</summary>
internal enum AuthorityStage
{
    /// <summary>There is one authority, and nothing is under way.</summary>
    Settled,

    /// <summary>Every host is to believe both; all certificates are the old one's.</summary>
    BothTrusted,

    /// <summary>Hosts get certificates of the new one, and still believe both.</summary>
    NewSigns,

    /// <summary>Hosts believe the new one only.</summary>
    OldDropped,
}

/// <summary>
/// The authority of a cluster, and the one that takes its place. A stage begins when its word is in a file of the
/// operator's secrets, and is over when every host has what belongs to it; whatever breaks off is done again.
/// </summary>
/// <param name="Present">Null: the cluster has none yet.</param>
/// <param name="Next">Null while nothing is under way.</param>
internal sealed record AuthorityChange(AuthorityStage Stage, KeyPair? Present, KeyPair? Next)
{
    public const string PresentName = "ca";
    private const string NextName = "ca.next";
    private const string StageFile = "ca.change";

    private static readonly (AuthorityStage Stage, string Word)[] Words =
    [
        (AuthorityStage.BothTrusted, "both-trusted"),
        (AuthorityStage.NewSigns, "new-signs"),
        (AuthorityStage.OldDropped, "old-dropped"),
    ];

    /// <summary>Who signs the hosts' certificates; null: nobody can yet.</summary>
    public KeyPair? Signer => Stage is AuthorityStage.NewSigns or AuthorityStage.OldDropped ? Next : Present;

    /// <summary>
    /// Whom hosts believe, after the signer: PEM, empty for nobody. That the signer is first makes another file of each
    /// stage, for which etcd begins anew: so it shows the new certificate before the old authority is dropped.
    /// </summary>
    public string AlsoTrusted => Stage switch
    {
        AuthorityStage.BothTrusted => Next!.Certificate,
        AuthorityStage.NewSigns => Present!.Certificate,
        AuthorityStage.Settled or AuthorityStage.OldDropped => "",
    };

    /// <exception cref="InvalidDataException">What is written there makes no sense.</exception>
    public static AuthorityChange Read(string directory)
    {
        var present = SecretPairs.Read(directory, PresentName);
        var file = Path.Combine(directory, StageFile);
        if (!File.Exists(file))
            return new AuthorityChange(AuthorityStage.Settled, present, null);
        var word = File.ReadAllText(file).Trim();
        var stage = Words.FirstOrDefault(known => known.Word == word).Stage;
        var next = SecretPairs.Read(directory, NextName);
        // The present pair is replaced at the very end, when nobody needs it any more.
        if (stage == AuthorityStage.Settled || next is null
            || (present is null && stage != AuthorityStage.OldDropped))
            throw new InvalidDataException(
                $"{file} says '{word}', and {NextName}.crt, {NextName}.key and those of {PresentName} must fit that");
        return new AuthorityChange(stage, present, next);
    }

    /// <summary>Makes the next authority, and says so last: an interrupted beginning is none.</summary>
    public static void Begin(string directory, string cluster, DateTimeOffset now)
    {
        SecretPairs.Write(directory, NextName, CertificateAuthority.Create(cluster, now));
        Write(directory, AuthorityStage.BothTrusted);
    }

    /// <summary>Every host has what belongs to the present stage.</summary>
    public static AuthorityStage Advance(string directory)
    {
        var change = Read(directory);
        switch (change.Stage)
        {
            case AuthorityStage.BothTrusted:
                return Write(directory, AuthorityStage.NewSigns);
            case AuthorityStage.NewSigns:
                return Write(directory, AuthorityStage.OldDropped);
            case AuthorityStage.OldDropped:
                SecretPairs.Write(directory, PresentName, change.Next!);
                File.Delete(Path.Combine(directory, StageFile));
                SecretPairs.Delete(directory, NextName);
                return AuthorityStage.Settled;
            case AuthorityStage.Settled:
                return AuthorityStage.Settled;
        }
        throw new InvalidOperationException($"unknown stage {change.Stage}");
    }

    private static AuthorityStage Write(string directory, AuthorityStage stage)
    {
        SecretText.Write(Path.Combine(directory, StageFile), Words.First(known => known.Stage == stage).Word + "\n");
        return stage;
    }
}

/// <summary>Certificates with their keys in a directory, as NAME.crt and NAME.key.</summary>
internal static class SecretPairs
{
    public static KeyPair? Read(string directory, string name)
    {
        var (certificate, key) = (FileOf(directory, name, "crt"), FileOf(directory, name, "key"));
        return File.Exists(certificate) && File.Exists(key)
            ? new KeyPair(File.ReadAllText(certificate), File.ReadAllText(key))
            : null;
    }

    // The certificate goes first and comes last: a key without one is made anew, together with it.
    public static void Write(string directory, string name, KeyPair pair)
    {
        Delete(directory, name);
        SecretText.Write(FileOf(directory, name, "key"), pair.Key);
        SecretText.Write(FileOf(directory, name, "crt"), pair.Certificate);
    }

    public static void Delete(string directory, string name)
    {
        File.Delete(FileOf(directory, name, "crt"));
        File.Delete(FileOf(directory, name, "key"));
    }

    private static string FileOf(string directory, string name, string kind) =>
        Path.Combine(directory, $"{name}.{kind}");
}
