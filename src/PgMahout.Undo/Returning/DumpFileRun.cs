using System.Collections.Immutable;
using Npgsql;
using PgMahout.Backup.Working;
using PgMahout.Core.Undo.Returning;
using PgMahout.Postgres;

namespace PgMahout.Undo.Returning;

/// <summary>
/// Writes lost things to a file instead of bringing them back: of SQL when its name ends in <c>.sql</c>, otherwise one
/// for <c>pg_restore</c>. The live server is not needed.
/// </summary>
/// <param name="relations">By their OIDs in the side server.</param>
/// <param name="schemas">By name, with all that is in them.</param>
public sealed class DumpFileRun(ReturnSource source, ImmutableArray<uint> relations, ImmutableArray<string> schemas)
{
    private const string Names = """
        SELECT nspname::text, relname::text FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
         WHERE pg_class.oid = ANY($1)
        """;

    /// <returns>Bytes written.</returns>
    public async Task<Outcome<long>> RunAsync(string path, CancellationToken cancellation)
    {
        try
        {
            await using var side = await Sql.OpenAsync(
                () => source.Server.Connect(source.Database), "SET search_path = ''", cancellation);
            var names = await side.RowsAsync(
                new Query(Names, [relations.ToArray()]), row => SqlName.Qualified(row.GetString(0), row.GetString(1)),
                cancellation);
            // As the server's account, which may not be allowed to write where the file goes.
            var made = Path.Combine(source.Workspace, "written.dump");
            await SchemaDump.RunAsync(source, "pg_dump",
                [
                    .. source.Server.ClientArguments, "--dbname", source.Database,
                    path.EndsWith(".sql", StringComparison.Ordinal) ? "--format=plain" : "--format=custom",
                    $"--file={made}", .. names.Select(name => $"--table={name}"),
                    .. schemas.Select(schema => $"--schema={SqlName.Quoted(schema)}"),
                ],
                cancellation);
            File.Copy(made, path, overwrite: false);
            File.Delete(made);
            return new Outcome<long>.Done(new FileInfo(path).Length);
        }
        catch (WorkFailedException e)
        {
            return new Outcome<long>.Failed(e.Problem);
        }
        catch (Exception e) when (e is NpgsqlException or IOException or UnauthorizedAccessException)
        {
            return new Outcome<long>.Failed(ReturnProblems.Io(e));
        }
    }
}
