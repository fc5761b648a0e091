using System.CommandLine;
using System.Reflection;
using System.Runtime.InteropServices;
using PgMahout.Agent.Guarding;
using PgMahout.CommandLine;
using PgMahout.Output;
using PgMahout.Postgres;
using PgMahout.Postgres.Installation;

namespace PgMahout.Verbs;

internal static class VersionVerb
{
    public static Command Build(CommonOptions common)
    {
        var command = new Command("version", "The version of pgmahout, and of the PostgreSQL that it would run.");
        common.BindAsCaller(command, (_, invocation) => Task.FromResult(Say(invocation)));
        return command;
    }

    private static Ending Say(Invocation invocation)
    {
        var binaries = (PostgresBinaries.Find(Environment.GetEnvironmentVariable(Guard.BinariesVariable))
            as Outcome<PostgresBinaries>.Done)?.Value;
        var version = typeof(VersionVerb).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!
            .InformationalVersion;
        invocation.Screen.Data(invocation.Screen.IsJson
            ? DocumentJson.Text(
                new VersionDocument(
                    DocumentJson.Schema,
                    version,
                    RuntimeInformation.FrameworkDescription,
                    binaries?.Version,
                    binaries?.Directory),
                DocumentJson.Types.VersionDocument)
            : $"pgmahout {version}\n{RuntimeInformation.FrameworkDescription}\n"
                + (binaries is null
                    ? "no PostgreSQL found"
                    : $"PostgreSQL {binaries.Version} in {binaries.Directory}"));
        return Ending.Ok;
    }
}
