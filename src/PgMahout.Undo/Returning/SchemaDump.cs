using System.Collections.Immutable;
using PgMahout.Backup.Working;
using PgMahout.Core.Undo.Returning;
using PgMahout.Postgres.Processes;

namespace PgMahout.Undo.Returning;

/// <summary>The definitions of everything in the side server's staging schemas.</summary>
/// <param name="Before">Makes all that there must be before rows come.</param>
internal sealed record SchemaDump(ImmutableArray<string> Before, PostData After)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    public static async Task<SchemaDump> TakeAsync(
        ReturnSource source, StagingPlan plan, CancellationToken cancellation) =>
        await TakeAsync(source, [.. plan.Schemas.Select(schema => $"--schema={schema.Name}")], [], cancellation);

    /// <summary>Of everything in the source's database, and of the database.</summary>
    public static Task<SchemaDump> TakeDatabaseAsync(ReturnSource source, CancellationToken cancellation) =>
        TakeAsync(source, [], ["--create"], cancellation);

    private static async Task<SchemaDump> TakeAsync(
        ReturnSource source, ImmutableArray<string> chosen, ImmutableArray<string> options,
        CancellationToken cancellation)
    {
        var archive = Path.Combine(source.Workspace, "definitions.dump");
        await RunAsync(source, "pg_dump",
            [
                .. source.Server.ClientArguments, "--dbname", source.Database, "--format=custom", "--compress=0",
                "--schema-only", "--no-sync", $"--file={archive}",
                .. chosen,
            ],
            cancellation);
        var sections = await Task.WhenAll(
            SectionAsync(source, archive, "pre-data", options, cancellation),
            SectionAsync(source, archive, "post-data", [], cancellation));
        return new SchemaDump(sections[0], PostData.Of(sections[1]));
    }

    private static async Task<ImmutableArray<string>> SectionAsync(
        ReturnSource source, string archive, string section, ImmutableArray<string> options,
        CancellationToken cancellation)
    {
        var script = Path.Combine(source.Workspace, section + ".sql");
        await RunAsync(
            source, "pg_restore", [$"--section={section}", $"--file={script}", .. options, archive], cancellation);
        return SqlScript.Statements(await File.ReadAllTextAsync(script, cancellation));
    }

    public static async Task RunAsync(
        ReturnSource source, string program, ImmutableArray<string> arguments, CancellationToken cancellation)
    {
        var run = new ToolRun(source.Account, source.Programs.Tool(program), arguments);
        if ((await run.RunAsync(Limit, cancellation)).Complaint is { } complaint)
            throw new WorkFailedException(ReturnProblems.DumpFailed(program, complaint));
    }
}
