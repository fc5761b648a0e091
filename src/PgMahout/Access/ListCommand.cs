using System.Globalization;
using System.Text;
using PgMahout.CommandLine;
using PgMahout.Configuring;
using PgMahout.Core.Access;
using PgMahout.Core.Cluster;
using PgMahout.Output;

namespace PgMahout.Access;

/// <summary>Shows a member's rules in the order in which the server asks them, with advice under each.</summary>
internal sealed class ListCommand(Invocation invocation, ConfigurationAccess access)
{
    private Screen Screen => invocation.Screen;

    public async Task<Ending> RunAsync(MemberSpec member)
    {
        var picture = await AccessPicture.DrawAsync(
            access, member, access.State.Current.Desired.AccessRules, invocation.Cancellation);
        var document = Of(picture);
        Screen.Data(Screen.Format switch
        {
            OutputFormat.Json => DocumentJson.Text(document, DocumentJson.Types.AccessDocument),
            OutputFormat.Plain => Plain(document),
            OutputFormat.Human => Human(document),
        });
        if (access.State.Draft is not null)
            Screen.Note("there is a draft that was not applied: pgmahout config plan");
        return Ending.Ok;
    }

    private AccessDocument Of(AccessPicture picture)
    {
        var advice = HbaReview.Of(picture.File, tls: null).ToLookup(one => one.Line);
        var number = 0;
        return new AccessDocument(
            DocumentJson.Schema,
            access.Spec.Name,
            picture.Member.Name.Text,
            [
                .. from rule in picture.File.Rules
                   let origin = picture.OriginOf(rule.Line)
                   select new AccessRuleDocument(
                       origin == RuleOrigin.Configured ? ++number : null,
                       rule.Line,
                       AccessWords.Of(origin),
                       rule.ToString(),
                       [
                           .. from one in advice[rule.Line]
                              // The cluster's own lines are as they must be.
                              where origin != RuleOrigin.Own
                              select new AccessAdviceDocument(AccessWords.Of(one.Weight), one.Text),
                       ]),
            ],
            [.. picture.Preview.LeftOut.Select(error => error.ToString())]);
    }

    private static string Plain(AccessDocument document) => string.Join('\n', document.Rules.Select(rule =>
        Columns.Tabbed(NumberOf(rule), rule.Origin, rule.Rule, string.Join(' ', rule.Advice.Select(one => one.Text)))));

    private string Human(AccessDocument document)
    {
        string[][] rows =
        [
            ["#", "LINE", "FROM", "RULE"],
            .. document.Rules.Select(rule => new[]
            {
                NumberOf(rule), rule.Line.ToString(CultureInfo.InvariantCulture), rule.Origin, rule.Rule,
            }),
        ];
        var lines = Columns.Align(rows).Split('\n');
        var text = new StringBuilder().AppendLine(lines[0]);
        for (var index = 0; index < document.Rules.Length; index++)
        {
            text.AppendLine(lines[index + 1]);
            foreach (var advice in document.Rules[index].Advice)
                text.Append("      ").AppendLine(Painted(advice));
        }
        foreach (var error in document.LeftOut)
            text.AppendLine(Screen.Paint.Bad($"pg_hba.local.conf of {document.Member}, left out: {error}"));
        return text.ToString().TrimEnd();
    }

    private string Painted(AccessAdviceDocument advice) => advice.Weight switch
    {
        "danger" => Screen.Paint.Bad($"danger: {advice.Text}"),
        "warning" => Screen.Paint.Warning($"warning: {advice.Text}"),
        _ => Screen.Paint.Faint($"note: {advice.Text}"),
    };

    private static string NumberOf(AccessRuleDocument rule) =>
        rule.Number?.ToString(CultureInfo.InvariantCulture) ?? "-";
}
