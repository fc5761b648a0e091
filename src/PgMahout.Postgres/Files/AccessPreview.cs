using System.Collections.Immutable;
using PgMahout.Core.Access;
using PgMahout.Postgres.Instance;

namespace PgMahout.Postgres.Files;

/// <summary>A member's <c>pg_hba.conf</c> as it would be written now, with where each part comes from.</summary>
/// <param name="OwnLines">How many lines at the beginning are the cluster's own.</param>
/// <param name="LocalFrom">The first line from the file beside it; after the last line when there is none.</param>
/// <param name="LeftOut">Lines of the file beside it that no server would take; their numbers are that file's.</param>
public sealed record AccessPreview(string Text, int OwnLines, int LocalFrom, ImmutableArray<HbaError> LeftOut)
{
    /// <param name="rules">The rules of the cluster's configuration, in place of those in the settings.</param>
    public static AccessPreview Of(InstanceSettings settings, ImmutableArray<string> rules)
    {
        var files = new ServerFiles(settings);
        var (local, former) = (files.LocalRules, files.FormerRules);
        var own = AuthenticationRules.RenderOwn(settings with { AccessRules = [] }, former);
        var configured = AuthenticationRules.RenderOwn(settings with { AccessRules = rules }, former);
        return new AccessPreview(
            AuthenticationRules.Render(settings with { AccessRules = rules }, local, former),
            LinesOf(own),
            LinesOf(configured) + 1,
            local is null ? [] : AuthenticationRules.Usable(settings, local).LeftOut);
    }

    private static int LinesOf(string text) => text.Count(c => c == '\n');
}
