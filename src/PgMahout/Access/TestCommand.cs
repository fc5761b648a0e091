using System.Collections.Immutable;
using PgMahout.CommandLine;
using PgMahout.Configuring;
using PgMahout.Core.Access;
using PgMahout.Core.Cluster;
using PgMahout.Errors;
using PgMahout.Output;

namespace PgMahout.Access;

/// <summary>Who is asked about.</summary>
/// <param name="From">An address, a network, or null for the unix socket.</param>
internal sealed record LoginQuestion(string User, string Database, string? From, bool Tls);

/// <summary>Says who gets in from where, by which line, and with what; no server is asked to let anybody in.</summary>
internal sealed class TestCommand(Invocation invocation, ConfigurationAccess access)
{
    private CancellationToken Cancellation => invocation.Cancellation;

    public async Task<Ending> RunAsync(MemberSpec member, LoginQuestion question)
    {
        if (AttemptOf(question) is not { } attempt)
            return new Failure(ErrorCatalogue.Usage, $"'{question.From}' is no address and no network")
                .Because("the rules of a network are asked for as ADDRESS/BITS")
                .Try(
                    "pgmahout hba test --user NAME --from 172.23.13.0/24", "pgmahout hba test --user NAME    (socket)");
        var rules = access.State.Current.Desired.AccessRules;
        var picture = await AccessPicture.DrawAsync(access, member, rules, Cancellation);
        attempt = attempt with
        {
            MemberOf = await KnownLogins.RolesOfAsync(access.ServerOf(member.Name), question.User, Cancellation),
        };
        Show(picture, attempt);
        return Ending.Ok;
    }

    private static LoginAttempt? AttemptOf(LoginQuestion question)
    {
        var database = question.Database == LoginAttempt.Replication ? null : question.Database;
        if (question.From is null)
            return LoginAttempt.Local(database, question.User);
        return IpRange.Parse(question.From) is { } from
            ? LoginAttempt.Tcp(database, question.User, from, question.Tls)
            : null;
    }

    private void Show(AccessPicture picture, LoginAttempt attempt)
    {
        ImmutableArray<AccessAnswerDocument> answers = attempt.From is null
            ? [Of(null, HbaSimulation.Ask(picture.File, attempt, picture.Surroundings))]
            : [
                .. HbaSimulation.AskNetwork(picture.File, attempt, picture.Surroundings)
                    .Select(span => Of(span.ToString(), span.Answer)),
            ];
        var screen = invocation.Screen;
        if (screen.IsJson)
        {
            screen.Data(DocumentJson.Text(
                new AccessTestDocument(
                    DocumentJson.Schema, access.Spec.Name, picture.Member.Name.Text, attempt.ToString(), answers),
                DocumentJson.Types.AccessTestDocument));
            return;
        }
        if (screen.IsPlain)
        {
            foreach (var answer in answers)
                screen.Data(Columns.Tabbed(
                    answer.From ?? "local", answer.Admitted ? "admitted" : "rejected", answer.Answer, answer.Rule));
            return;
        }
        screen.Data($"{attempt}, on {picture.Member.Name}:");
        foreach (var answer in answers)
        {
            var line = $"  {answer.From ?? "unix socket"}   {answer.Answer}";
            screen.Data(answer.Admitted ? line : screen.Paint.Bad(line));
            if (answer.Rule is not null)
                screen.Data(screen.Paint.Faint($"      {answer.Rule}"));
        }
    }

    private static AccessAnswerDocument Of(string? from, HbaAnswer answer) => new(
        from, answer.IsAdmitted, answer.Rule?.Line, answer.Rule?.ToString(), HbaWords.Of(answer), answer.Unsure);
}
