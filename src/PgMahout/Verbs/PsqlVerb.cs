using System.CommandLine;
using PgMahout.Agent.Guarding;
using PgMahout.CommandLine;
using PgMahout.Errors;
using PgMahout.Postgres;
using PgMahout.Postgres.Installation;
using PgMahout.Processes;
using PgMahout.Status;

namespace PgMahout.Verbs;

internal static class PsqlVerb
{
    public static Command Build(CommonOptions common)
    {
        var read = new Option<bool>("--read") { Description = "On a standby where there is one." };
        var arguments = new Argument<string[]>("ARGS")
        {
            Arity = ArgumentArity.ZeroOrMore,
            Description = "For psql, after --.",
        };
        var command = new Command("psql", "Run psql on the primary: pgmahout psql -- -c 'select 1'.")
        {
            read, arguments,
        };
        common.Bind(command, (parse, invocation) =>
            RunAsync(invocation, parse.GetValue(read), parse.GetValue(arguments) ?? []));
        return command;
    }

    private static async Task<Ending> RunAsync(Invocation invocation, bool read, string[] arguments)
    {
        var opened = await ClusterAccess.OpenAsync(invocation.Home, invocation.Cancellation);
        if (!opened.TryGet(out var cluster, out var failure))
            return failure;
        string uri;
        await using (cluster)
            uri = ClientUri.For(cluster.Spec, cluster.Home, read);
        // Returns only if it fails: this process becomes psql, with its terminal, its signals and its exit code.
        var why = ProcessImage.Replace(Program(), ["psql", uri, .. arguments]);
        return new Failure(ErrorCatalogue.NoPsql, "psql could not be run")
            .Because(why)
            .Try("apt-get install postgresql-client");
    }

    /// <summary>
    /// The one beside the server's programs, which is of the same version; else whatever the PATH has.
    /// </summary>
    private static string Program() =>
        PostgresBinaries.Find(Environment.GetEnvironmentVariable(Guard.BinariesVariable))
            is Outcome<PostgresBinaries>.Done { Value: var binaries } && File.Exists(binaries.Tool("psql"))
            ? binaries.Tool("psql")
            : "psql";
}
