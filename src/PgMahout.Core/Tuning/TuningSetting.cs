namespace PgMahout.Core.Tuning;

/// <summary>One setting of PostgreSQL with where its value comes from.</summary>
/// <param name="Value">As it is written in the configuration file, without quotes: <c>10485kB</c>, <c>0.9</c>.</param>
/// <param name="Reason">One sentence for the operator, with the figures that led to the value.</param>
public sealed record TuningSetting(string Name, string Value, TuningRule Rule, string Reason)
{
    /// <summary>Who says so: the published formula or the part of PostgreSQL's manual that the rule follows.</summary>
    public string Source => Rule switch
    {
        TuningRule.Classic => "PGTune's formula of September 2021 to October 2022",
        TuningRule.DefaultConnections => "PostgreSQL's default",
        TuningRule.KeepDefaultWorkers => "PostgreSQL's manual, Hot Standby, Administrator's Overview",
        TuningRule.KeepDefaultWorkMemory => "PostgreSQL's default; PGTune since April 2026",
        TuningRule.BoundWalByDisk => "pgmahout: WAL may take one eighth of a member's part of the free disk",
    };
}

/// <summary>The stable name of what fixed a value.</summary>
public enum TuningRule
{
    /// <summary>The formula of <see cref="ClassicTuning"/>, unchanged.</summary>
    Classic,

    /// <summary>
    /// Nobody asked for a number of connections: a cluster gets the default, not what the formula assumes.
    /// </summary>
    DefaultConnections,

    /// <summary>
    /// Never fewer worker processes than PostgreSQL's default of 8: the formula would go below it on a small machine,
    /// and a standby that allows fewer than its primary refuses to run.
    /// </summary>
    KeepDefaultWorkers,

    /// <summary>Never less memory for a sort than PostgreSQL's default.</summary>
    KeepDefaultWorkMemory,

    /// <summary>The members of one machine share its disk, and a server that cannot write WAL stops.</summary>
    BoundWalByDisk,
}
