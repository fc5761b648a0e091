namespace PgMahout.Core.Access;

/// <summary>Ends the reading of one line; it never leaves the parser.</summary>
internal sealed class HbaRefusal(HbaError error) : Exception(error.Message)
{
    public HbaRefusal(HbaToken at, string message, string suggestion)
        : this(new HbaError(at.Line, at.Column, message, suggestion)) { }

    public HbaError Error { get; } = error;
}
