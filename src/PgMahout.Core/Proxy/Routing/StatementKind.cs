namespace PgMahout.Core.Proxy.Routing;

/// <summary>What the text of a statement, or of several in one message, asks of the server that gets it.</summary>
public enum StatementKind
{
    /// <summary>A standby may serve it. Also a text without any statement.</summary>
    Read,

    /// <summary>The primary has to serve it: it writes, asks about the server itself, or was not understood.</summary>
    Write,

    /// <summary>Begins a transaction that may write: it stays on the primary.</summary>
    Begin,

    /// <summary>Begins a transaction that cannot write, and that a standby can serve whole.</summary>
    BeginReadOnly,

    /// <summary>COMMIT or END.</summary>
    Commit,

    /// <summary>ROLLBACK or ABORT of the whole transaction.</summary>
    Rollback,

    /// <summary>PREPARE TRANSACTION.</summary>
    PrepareTransaction,

    /// <summary>SET for the session, RESET, DISCARD: for every server that the session uses.</summary>
    Setting,

    /// <summary>
    /// Leaves behind in the server what no other one has, so that later statements need this very server: temporary
    /// tables, cursors WITH HOLD, PREPARE, LISTEN, LOAD.
    /// </summary>
    Session,
}
