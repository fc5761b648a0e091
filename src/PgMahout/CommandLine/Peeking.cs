using System.CommandLine;
using System.CommandLine.Parsing;

namespace PgMahout.CommandLine;

/// <summary>
/// Reads options that may be malformed. The parser reports those by itself, but throws at whoever asks for the value in
/// the meantime.
/// </summary>
internal static class Peeking
{
    /// <summary>The value; the default when it is missing or malformed.</summary>
    public static T? Peek<T>(this CommandResult result, Option<T> option) => Peek(() => result.GetValue(option));

    /// <inheritdoc cref="Peek{T}(CommandResult, Option{T})"/>
    public static T? Peek<T>(this ParseResult result, Option<T> option) => Peek(() => result.GetValue(option));

    private static T? Peek<T>(Func<T?> read)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException)
        {
            return default;
        }
    }
}
