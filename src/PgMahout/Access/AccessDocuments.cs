using System.Collections.Immutable;
using PgMahout.Core.Access;

namespace PgMahout.Access;

/// <summary>The JSON of <c>hba list -o json</c>.</summary>
/// <param name="LeftOut">Lines of pg_hba.local.conf that no server would take.</param>
public sealed record AccessDocument(
    int Schema, string Cluster, string Member, ImmutableArray<AccessRuleDocument> Rules,
    ImmutableArray<string> LeftOut);

/// <param name="Number">For <c>hba remove</c>; null for a rule that is not in the cluster's configuration.</param>
/// <param name="Origin">own, configured or local.</param>
public sealed record AccessRuleDocument(
    int? Number, int Line, string Origin, string Rule, ImmutableArray<AccessAdviceDocument> Advice);

/// <param name="Weight">note, warning or danger.</param>
public sealed record AccessAdviceDocument(string Weight, string Text);

/// <summary>The JSON of <c>hba test -o json</c>.</summary>
public sealed record AccessTestDocument(
    int Schema, string Cluster, string Member, string Login, ImmutableArray<AccessAnswerDocument> Answers);

/// <param name="From">An address or a network; null for the unix socket.</param>
/// <param name="Line">Of the member's pg_hba.conf; null when no line is for it.</param>
/// <param name="Unsure">Lines before it that might decide, which depends on what is not known here.</param>
public sealed record AccessAnswerDocument(
    string? From, bool Admitted, int? Line, string? Rule, string Answer, ImmutableArray<int> Unsure);

/// <summary>Words of the documents.</summary>
internal static class AccessWords
{
    public static string Of(RuleOrigin origin) => origin switch
    {
        RuleOrigin.Own => "own",
        RuleOrigin.Configured => "configured",
        RuleOrigin.Local => "local",
    };

    public static string Of(AdviceWeight weight) => weight switch
    {
        AdviceWeight.Note => "note",
        AdviceWeight.Warning => "warning",
        AdviceWeight.Danger => "danger",
    };
}
