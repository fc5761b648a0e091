using PgMahout.Errors;

namespace PgMahout.Output;

/// <summary>Standard output for data, standard error for everything else, in the format that was asked for.</summary>
/// <param name="IsTerminal">Standard output is a terminal, and not a dumb one.</param>
/// <param name="CanAsk">Standard input is a terminal, so that a person can be asked.</param>
public sealed record Screen(
    TextWriter Out, TextWriter Error, OutputFormat Format, Paint Paint, bool IsTerminal, bool CanAsk)
{
    public bool IsJson => Format == OutputFormat.Json;

    public bool IsPlain => Format == OutputFormat.Plain;

    /// <param name="format">What the user asked for; null for the default of this place.</param>
    public static Screen Of(OutputFormat? format, bool noColour)
    {
        var dumb = Environment.GetEnvironmentVariable("TERM") == "dumb";
        var terminal = !Console.IsOutputRedirected && !dumb;
        var colour = terminal && !noColour && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        return new Screen(
            Console.Out,
            Console.Error,
            format ?? (Console.IsOutputRedirected ? OutputFormat.Plain : OutputFormat.Human),
            new Paint(colour),
            terminal,
            !Console.IsInputRedirected);
    }

    public void Data(string text) => Out.WriteLine(text);

    /// <summary>Something to know that is not data: progress, hints. Goes to standard error.</summary>
    public void Note(string text) => Error.WriteLine(text);

    public void Tell(Failure failure) =>
        Error.Write(IsJson ? FailureText.Json(failure) + "\n" : FailureText.Human(failure));
}
