using PgMahout.CommandLine;
using PgMahout.Verbs;

return await (ProcessVerbs.TryRun(args) ?? CommandLineRun.InvokeAsync(args));
