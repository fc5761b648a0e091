using System.CommandLine;
using PgMahout.CommandLine;
using PgMahout.Core.Installation;
using PgMahout.Installing;
using PgMahout.Postgres.Installation;

namespace PgMahout.Verbs;

internal static class InstallVerb
{
    private const int DefaultMembers = 3;

    public static Command Build(CommonOptions common)
    {
        var version = new Option<int?>("--version")
        {
            Description = "Major version of PostgreSQL (default: the one that is installed, else the distribution's).",
            HelpName = "15",
        };
        var pgdg = new Option<bool>("--pgdg")
        {
            Description = "From the repository of the PostgreSQL project, which has every supported version.",
        };
        var members = new Option<int>("--members")
        {
            Description = $"Members of the cluster (default {DefaultMembers}).",
            HelpName = "3",
            DefaultValueFactory = _ => DefaultMembers,
        };
        var noBoot = new Option<bool>("--no-boot") { Description = "Do not start the cluster at boot." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Print the exact commands and do nothing." };
        var command = new Command("install", "Install PostgreSQL, make the cluster, and start it at boot.")
        {
            version, pgdg, members, noBoot, dryRun,
        };
        const int Oldest = PostgresBinaries.OldestSupported;
        const int Newest = PostgresBinaries.NewestSupported;
        version.Validators.Add(result =>
        {
            if (result.GetValue(version) is < Oldest or > Newest)
                result.AddError($"--version is {Oldest} to {Newest}");
        });
        members.Validators.Add(result =>
        {
            if (result.GetValue(members) < 1)
                result.AddError("--members is at least 1");
        });
        common.BindAsCaller(command, (parse, invocation) => new InstallCommand(
            invocation,
            new InstallRequest(
                parse.GetValue(version),
                parse.GetValue(pgdg),
                !parse.GetValue(noBoot),
                parse.GetValue(members),
                invocation.Home.Root,
                HostPlatform.Program())).RunAsync(parse.GetValue(dryRun)));
        return command;
    }
}
