namespace PgMahout.CommandLine;

/// <summary>What the shell sees. Documented in docs/commands.md; a number never changes its meaning.</summary>
public enum ExitCode
{
    Ok = 0,
    Failed = 1,
    Usage = 2,

    /// <summary>Refused by a check beforehand; nothing was changed.</summary>
    Refused = 3,
    NotFound = 4,

    /// <summary>Somebody else is at work; try again.</summary>
    Conflict = 5,

    /// <summary>No answer within the limit; try again.</summary>
    Unreachable = 6,
    Authentication = 7,
    VerificationFailed = 8,
    Cancelled = 9,

    /// <summary>Of <c>status</c>: writable, but not as safe as it should be.</summary>
    Degraded = 20,

    /// <summary>Of <c>status</c>: nobody can write.</summary>
    Down = 21,

    /// <summary>Of <c>status</c>: nobody can say.</summary>
    Unknown = 22,
}
