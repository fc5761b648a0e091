using PgMahout.Output;

namespace PgMahout.Advising;

/// <summary>What <c>tune</c> can print: the common formats, and what a server reads.</summary>
public enum AdviceFormat
{
    Human,
    Plain,
    Json,

    /// <summary>Lines for <c>postgresql.conf</c>.</summary>
    Conf,

    /// <summary>Statements for <c>psql</c>.</summary>
    AlterSystem,
}

internal static class AdviceFormats
{
    public static AdviceFormat Of(OutputFormat format) => format switch
    {
        OutputFormat.Human => AdviceFormat.Human,
        OutputFormat.Plain => AdviceFormat.Plain,
        OutputFormat.Json => AdviceFormat.Json,
    };
}
