using System.Collections.Immutable;
using PgMahout.CommandLine;
using PgMahout.Core.Configuration;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Output;

namespace PgMahout.Configuring;

/// <summary>Prepares a change: nothing of it reaches a server before it is applied.</summary>
internal sealed class DraftCommand(Invocation invocation, ConfigurationAccess access)
{
    private CancellationToken Cancellation => invocation.Cancellation;

    /// <param name="assignments">Each NAME=VALUE.</param>
    public async Task<Ending> SetAsync(IReadOnlyList<string> assignments, MemberName? member)
    {
        if (!(await access.ReadAnyAsync(Cancellation)).TryGet(out var known, out var failure))
            return failure;
        var draft = access.Working;
        foreach (var assignment in assignments)
        {
            if (ConfigurationText.Setting(assignment) is not { } setting)
                return new Failure(ErrorCatalogue.Usage, $"'{assignment}' is not of the form NAME=VALUE")
                    .Try("pgmahout config set work_mem=64MB");
            if (DraftCheck.WhyNot(known, setting.Name, setting.Value) is { } refused)
                return refused;
            draft = draft.With(setting.Name, setting.Value, member);
        }
        return await SaveAsync(draft);
    }

    public async Task<Ending> UnsetAsync(IReadOnlyList<string> names, MemberName? member)
    {
        var draft = access.Working;
        foreach (var name in names)
        {
            var next = draft.With(name, null, member);
            if (next.Equals(draft))
                return new Failure(ErrorCatalogue.ConfigurationUnknown, $"the configuration does not set '{name}'")
                    .Because($"it sets {Names(draft)}")
                    .Try("pgmahout config get");
            draft = next;
        }
        return await SaveAsync(draft);
    }

    /// <summary>Takes values of ALTER SYSTEM back, on every member that has them, and has the servers reload.</summary>
    public async Task<Ending> ResetDriftAsync(IReadOnlyList<string> names)
    {
        var reset = new List<string>();
        foreach (var server in access.Servers)
        {
            if (!(await access.ReadAsync(server, Cancellation)).TryGet(out var settings, out var failure))
                return failure;
            foreach (var drift in Drift.In(server.Member.Name, settings).Where(one => names.Contains(one.Name)))
            {
                var why = await server.RunAsync($"ALTER SYSTEM RESET \"{drift.Name}\"", Cancellation)
                    ?? await server.RunAsync("SELECT pg_reload_conf()", Cancellation);
                if (why is not null)
                    return new Failure(ErrorCatalogue.NoAnswer, $"{drift.Name} on {drift.Member} was not reset")
                        .Because(why).Leaving("what was reset before it stays reset").Try("pgmahout config get");
                reset.Add($"{drift.Name} on {drift.Member}");
            }
        }
        Say(reset.Count == 0 ? "no such value was set by ALTER SYSTEM" : $"reset: {string.Join(", ", reset)}");
        return Ending.Ok;
    }

    /// <summary>Opens the configuration in the operator's editor until it can be read, or is left unchanged.</summary>
    public async Task<Ending> EditAsync()
    {
        if (!invocation.Screen.CanAsk)
            return new Failure(ErrorCatalogue.Usage, "an editor needs a terminal")
                .Try("pgmahout config set NAME=VALUE");
        if (!(await access.ReadAnyAsync(Cancellation)).TryGet(out var known, out var failure))
            return failure;
        var text = ConfigurationText.Write(access.Working);
        var edited = new Edited(text);
        while (true)
        {
            if (!Editor.Open(edited.Shown).TryGet(out var next, out failure))
                return failure;
            if (next == edited.Shown)
                return Unchanged(edited);
            if (!Read(next, known).TryGet(out var desired, out failure))
            {
                edited = Edited.With(next, failure);
                continue;
            }
            return await SaveAsync(desired);
        }
    }

    /// <summary>Takes the whole configuration from a text that was written elsewhere.</summary>
    /// <param name="file">A path, or - for standard input.</param>
    public async Task<Ending> ImportAsync(string file)
    {
        string text;
        try
        {
            text = file == "-" ? await Console.In.ReadToEndAsync(Cancellation) : await File.ReadAllTextAsync(
                file, Cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Failure(ErrorCatalogue.Usage, $"{file} cannot be read").Because(e.Message);
        }
        if (!(await access.ReadAnyAsync(Cancellation)).TryGet(out var known, out var failure))
            return failure;
        return Read(text, known).TryGet(out var desired, out failure) ? await SaveAsync(desired) : failure;
    }

    /// <summary>Keeps the draft, and says what applying it would do.</summary>
    public async Task<Ending> SaveAsync(DesiredConfiguration draft)
    {
        var kept = draft.Equals(access.State.Current.Desired) ? null : draft;
        if (await access.WriteAsync(access.State with { Draft = kept }, Cancellation) is { } failure)
            return failure;
        if (!(await ChangePlan.MakeAsync(access, draft, Cancellation)).TryGet(out var plan, out failure))
            return failure.Leaving("the draft was saved; what it would do is not known now");
        invocation.Screen.Note(PlanText.Human(plan, access.Spec.Members.Length));
        Say(plan.IsEmpty ? "the draft changes nothing" : "a draft; nothing was changed yet: pgmahout config apply");
        return Ending.Ok;
    }

    private Ending Unchanged(Edited edited)
    {
        if (edited.Complaint is { } complaint)
            return complaint;
        Say("nothing was edited");
        return Ending.Ok;
    }

    private Attempt<DesiredConfiguration> Read(
        string text, ImmutableSortedDictionary<string, ObservedSetting> known) =>
        ConfigurationText.Read(text, access.Spec.Members.Select(member => member.Name)) switch
        {
            ConfigurationReading.Malformed wrong =>
                new Failure(ErrorCatalogue.ConfigurationRefused, $"line {wrong.Line}: {wrong.Why}"),
            ConfigurationReading.Read { Configuration: var desired } =>
                DraftCheck.WhyNot(known, desired) is { } refused ? refused : desired,
            var other => throw new InvalidOperationException($"unknown reading {other}"),
        };

    private void Say(string text) =>
        Done.Say(invocation.Screen, new Done("config", access.Spec.Name, text, access.Cluster.Leader));

    private static string Names(DesiredConfiguration desired) =>
        desired.Settings.IsEmpty ? "nothing for all members" : string.Join(", ", desired.Settings.Keys);

    /// <summary>The text in the editor, with what was wrong with it before.</summary>
    private sealed record Edited(string Shown, Failure? Complaint = null)
    {
        public static Edited With(string text, Failure complaint)
        {
            var clean = text.Split('\n').SkipWhile(line => line.StartsWith("#! ", StringComparison.Ordinal));
            var why = complaint.Facts.IsEmpty ? "" : ": " + complaint.Facts[0].Text;
            return new Edited($"#! {complaint.What}{why}\n{string.Join('\n', clean)}", complaint);
        }
    }
}
