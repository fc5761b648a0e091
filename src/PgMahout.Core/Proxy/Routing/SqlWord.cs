namespace PgMahout.Core.Proxy.Routing;

/// <summary>What a word of a statement means for where the statement may go.</summary>
internal enum SqlWord : byte
{
    Other,

    /// <summary>A function that reads, if at all, what is the same on every member.</summary>
    Function,

    /// <summary>A word of the grammar that no function can be called by.</summary>
    Syntax,

    /// <summary>A system catalog, which is the same on every member, as other names with pg_ are not.</summary>
    Catalog,

    /// <summary>INSERT and the like, wherever they stand.</summary>
    Modifies,
    Into,
    For,
    Key,
    Share,
    As,
    Not,
    With,
    Recursive,
    Select,
    Values,
    Table,

    /// <summary>A function of windows, but also a column of sequences, which is ahead on standbys.</summary>
    LastValue,

    /// <summary>OVER, FILTER, REPEATABLE.</summary>
    AfterParenthesis,

    /// <summary>GROUP, ORDER.</summary>
    Ordering,
    Partition,
    By,
    Rollup,
    Grouping,
    Sets,
    Time,
    Zone,
    Tablesample,
    SamplingMethod,
    Character,
    Varying,
    Materialized,

    // From here on: what statements begin with, and what follows there.
    Explain,
    ExplainOption,
    Begin,
    Start,
    Commit,
    Rollback,
    Prepare,
    Prepared,
    Deallocate,
    All,
    Transaction,
    Constraints,
    Serializable,
    Read,
    Only,
    Write,
    To,
    Set,
    Reset,
    Local,
    Global,
    Leaves,
    Declare,
    Hold,
    Create,
    Temporary,
}
