using System.CommandLine;
using PgMahout.Agent.Api;
using PgMahout.Agent.Home;
using PgMahout.CommandLine;
using PgMahout.Core.Cluster;
using PgMahout.Core.Diagnosis;
using PgMahout.Core.Ha;
using PgMahout.Errors;
using PgMahout.Output;
using PgMahout.Status;

namespace PgMahout.Verbs;

internal static class ExplainVerb
{
    private const string List = "list";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    public static Command Build(CommonOptions common)
    {
        var subject = new Argument<string?>("RULE|CODE")
        {
            Arity = ArgumentArity.ZeroOrOne,
            Description = "A rule or a code, or `list` for all of them. Without it: who would lead if the primary died "
                + "now, what could be lost, and why there is or is no failover.",
        };
        var command = new Command("explain", "Say why: of the cluster now, of a rule, or of a code.") { subject };
        common.Bind(command, (parse, invocation) => parse.GetValue(subject) switch
        {
            null => NowAsync(invocation),
            List => Task.FromResult(All(invocation)),
            var name => Task.FromResult(One(invocation, name)),
        });
        return command;
    }

    private static Ending One(Invocation invocation, string name)
    {
        if (MeaningOf(name) is not { } meaning)
            return new Failure(ErrorCatalogue.NothingToExplain, $"there is no rule or code '{name}'")
                .Try("pgmahout explain list");
        invocation.Screen.Data(invocation.Screen.IsJson
            ? DocumentJson.Text(meaning, DocumentJson.Types.MeaningDocument)
            : $"{meaning.Name}{(meaning.ExitCode is { } exit ? $"   (exit code {exit})" : "")}\n{meaning.Meaning}");
        return Ending.Ok;
    }

    private static Ending All(Invocation invocation)
    {
        var rules = Enum.GetValues<Rule>().Select(rule => new[] { rule.ToString(), RuleText.Meaning(rule) });
        var codes = ErrorCatalogue.All.Select(kind => new[] { kind.Code, kind.Meaning });
        var problems = ProblemCatalogue.All.Select(problem => new[] { problem.Key, problem.Value });
        var checks = CheckKind.All.Select(check => new[] { check.Code, check.Meaning });
        foreach (var row in rules.Concat(codes).Concat(checks).Concat(problems))
            invocation.Screen.Data(Columns.Tabbed(row));
        return Ending.Ok;
    }

    private static MeaningDocument? MeaningOf(string name)
    {
        var code = ErrorCatalogue.All
            .FirstOrDefault(kind => kind.Code.Equals(name, StringComparison.OrdinalIgnoreCase));
        if (code is not null)
            return new MeaningDocument(DocumentJson.Schema, code.Code, code.Meaning, (int)code.Exit);
        if (CheckKind.All.FirstOrDefault(
            kind => kind.Code.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } check)
            return new MeaningDocument(DocumentJson.Schema, check.Code, check.Meaning, null);
        if (ProblemCatalogue.All.TryGetValue(name, out var problem))
            return new MeaningDocument(DocumentJson.Schema, name, problem, null);
        return Enum.TryParse<Rule>(name, ignoreCase: true, out var rule) && Enum.IsDefined(rule)
            ? new MeaningDocument(DocumentJson.Schema, rule.ToString(), RuleText.Meaning(rule), null)
            : null;
    }

    private static async Task<Ending> NowAsync(Invocation invocation)
    {
        var opened = await ClusterAccess.OpenAsync(invocation.Home, invocation.Cancellation);
        if (!opened.TryGet(out var cluster, out var failure))
            return failure;
        await using var closing = cluster;
        var members = await Task.WhenAll(cluster.Spec.Members.Select(
            member => AskAsync(invocation.Home, member, invocation.Cancellation)));
        var document =
            new ExplanationDocument(DocumentJson.Schema, cluster.Spec.Name, cluster.Leader?.Text, [.. members]);
        invocation.Screen.Data(invocation.Screen.IsJson
            ? DocumentJson.Text(document, DocumentJson.Types.ExplanationDocument)
            : Human(document));
        return members.Any(member => member.Silence is null)
            ? Ending.Ok
            : new Failure(ErrorCatalogue.NoAnswer, "no agent answers, so nobody can explain")
                .Try("pgmahout status", "pgmahout up");
    }

    private static async Task<MemberExplanationDocument> AskAsync(
        HomeLayout home, MemberSpec member, CancellationToken cancellation)
    {
        using var agent = new AgentClient(home, member);
        var answer = await agent.ExplainAsync(Limit, cancellation);
        if (answer is not AgentAnswer<AgentExplanation>.Said { Value: var said })
            return new MemberExplanationDocument(member.Name.Text, null, null, null, null, [], answer.Silence);
        return new MemberExplanationDocument(
            member.Name.Text,
            said.Rule,
            said.Meaning,
            said.Sentence,
            said.IfPrimaryDied,
            [.. said.Candidates.Select(one => new CandidateDocument(one.Name.Text, one.Position, one.WhyNot))],
            null);
    }

    private static string Human(ExplanationDocument explained)
    {
        var lines = new List<string>();
        // The leader sees how far everybody is; without one, any member knows what the record says.
        var speaker =
            explained.Members.FirstOrDefault(member => member.Member == explained.Leader && member.Silence is null)
            ?? explained.Members.FirstOrDefault(member => member.Silence is null);
        if (speaker is not null)
        {
            lines.Add($"If the primary died now: {speaker.IfPrimaryDied}");
            lines.AddRange(speaker.Candidates.Select(one =>
                $"  {one.Name}   {one.Position ?? "-"}   "
                + (one.WhyNot is null ? "could take over" : $"cannot: {one.WhyNot}")));
        }
        foreach (var member in explained.Members)
        {
            lines.Add("");
            lines.Add(member.Silence is null
                ? $"{member.Member}   {member.Rule}\n  {member.Sentence}\n  {member.Meaning}"
                : $"{member.Member}   its agent does not answer: {member.Silence}");
        }
        return string.Join('\n', lines);
    }
}
