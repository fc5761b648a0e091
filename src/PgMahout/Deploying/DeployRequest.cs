namespace PgMahout.Deploying;

/// <summary>What an operator asked for.</summary>
/// <param name="File">A cluster.yml.</param>
/// <param name="KnownHosts">A file of ssh's; null: new hosts are believed.</param>
internal sealed record DeployRequest(string File, string? KnownHosts, TimeSpan Limit)
{
    public bool DryRun { get; init; }

    public bool OpensFirewall { get; init; }

    /// <summary>The host whose addition is asked for, which must be in the file; null: none in particular.</summary>
    public string? Added { get; init; }

    /// <summary>Of a host's name: its certificate is made anew in any case.</summary>
    public Func<string, bool> Renews { get; init; } = _ => false;

    /// <summary>One of several: what it came to is told by the last.</summary>
    public bool IsStep { get; init; }

    /// <summary>Of the host to be removed: it will never be reached again.</summary>
    public bool IsLost { get; init; }

    /// <summary>Of a pair, every host of the other cluster must be had, too.</summary>
    public bool NeedsOther { get; init; }

    /// <summary>Servers that are adopted may be started anew, one after the other.</summary>
    public bool AllowsRestart { get; init; }

    /// <summary>A switchover is tried at the end, and measured.</summary>
    public bool Drill { get; init; }
}
