using PgMahout.Errors;

namespace PgMahout.CommandLine;

/// <summary>How a verb ended.</summary>
public abstract record Ending
{
    private Ending() { }

    public static readonly Ending Ok = new Exit(ExitCode.Ok);

    public sealed record Exit(ExitCode Code) : Ending;

    /// <summary>Still to be told to the user.</summary>
    public sealed record Failed(Failure Failure) : Ending;

    public static implicit operator Ending(ExitCode code) => new Exit(code);

    public static implicit operator Ending(Failure failure) => new Failed(failure);
}
