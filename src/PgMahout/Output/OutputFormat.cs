namespace PgMahout.Output;

/// <summary>For whom the data on standard output is written.</summary>
public enum OutputFormat
{
    /// <summary>Aligned, and coloured where that is wanted: the default at a terminal.</summary>
    Human,

    /// <summary>Lines of fields separated by tabs, without decoration: the default elsewhere.</summary>
    Plain,

    /// <summary>One document with a <c>schema</c> number.</summary>
    Json,
}
