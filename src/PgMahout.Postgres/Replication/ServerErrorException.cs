using PgMahout.Core.Protocol;

namespace PgMahout.Postgres.Replication;

/// <summary>Carries what a server refused up to where it becomes an outcome.</summary>
internal sealed class ServerErrorException(ServerError error) : Exception(error.ToString())
{
    public ServerError Error { get; } = error;
}
