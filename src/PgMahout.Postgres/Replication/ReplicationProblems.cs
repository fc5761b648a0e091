using System.Globalization;
using System.Net.Sockets;
using System.Security.Authentication;
using PgMahout.Core.Protocol;

namespace PgMahout.Postgres.Replication;

/// <summary>What can go wrong on a replication connection, in the words that a person reads.</summary>
public static class ReplicationProblems
{
    /// <summary>Somebody else has the slot.</summary>
    public const string SlotInUseCode = "replication-slot-in-use";

    private const string Nothing = "nothing was changed";

    /// <summary>Whether this is how a connection fails, rather than a mistake in this program.</summary>
    public static bool IsExpected(Exception e) =>
        e is ServerErrorException or SocketException or IOException or ObjectDisposedException
            or AuthenticationException or ProtocolException;

    public static Problem From(string what, ReplicationTarget target, Exception e) => e switch
    {
        ServerErrorException { Error: { SqlState: SqlState.ObjectInUse } error } => new(
            SlotInUseCode, $"{target} refused: {what}", error.ToString(), Nothing, Next(error)),
        ServerErrorException { Error: var error } => new(
            "replication-refused", $"{target} refused: {what}", error.ToString(), Nothing, Next(error)),
        AuthenticationException => new(
            "replication-login", $"{target} does not let us in: {what}", e.Message, Nothing,
            "check the password of the replication role, pg_hba.conf and sslmode"),
        ProtocolException => new(
            "replication-protocol", $"{target} said what is no PostgreSQL: {what}", e.Message,
            "the connection was closed", "check what listens on that address"),
        ObjectDisposedException => Lost(what, target, "it was closed, or its time was over"),
        _ => Lost(what, target, e.Message),
    };

    public static Problem Lost(string what, ReplicationTarget target, string evidence) => new(
        "replication-lost", $"the connection to {target} is lost: {what}", evidence,
        "what was confirmed is safe; the rest is sent again", "nothing: the server is asked again");

    public static Problem Unsupported(string what, ReplicationTarget target, int major) => new(
        "replication-unsupported", $"{target} cannot: {what}",
        string.Create(CultureInfo.InvariantCulture, $"it is PostgreSQL {major}"), Nothing, "another way is used");

    private static string Next(ServerError error) => error.SqlState switch
    {
        SqlState.ObjectInUse => "wait until whoever uses the slot is gone, or end it",
        SqlState.UndefinedFile => "a new base backup is needed; WAL before it is missing",
        SqlState.ObjectNotInPrerequisiteState => "the slot is made anew",
        _ => "the server's log has more",
    };
}
