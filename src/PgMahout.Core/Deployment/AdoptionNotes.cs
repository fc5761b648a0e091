using System.Collections.Immutable;

namespace PgMahout.Core.Deployment;

/// <summary>What changes for a server that is adopted, and what an operator should know of it.</summary>
public static class AdoptionNotes
{
    private const string SnakeOil = "snakeoil";

    public static ImmutableArray<string> On(DeploymentQuestion question, AdoptionPlan plan)
    {
        var notes = ImmutableArray.CreateBuilder<string>();
        foreach (var host in plan.Hosts)
        {
            notes.AddRange(Settings(question, host).Select(text => $"{host.Host.Name}: {text}"));
            if (!host.Survey.Tablespaces.IsEmpty)
                notes.Add(
                    $"{host.Host.Name}: tablespaces ({string.Join(", ", host.Survey.Tablespaces)}) must be empty "
                    + "before its data can be copied anew");
        }
        notes.AddRange(OfPrimary(plan));
        return notes.ToImmutable();
    }

    private static IEnumerable<string> OfPrimary(AdoptionPlan plan)
    {
        var (name, survey) = (plan.Primary.Host.Name, plan.Primary.Survey);
        if (survey is { HasPassword: true, IsPrepared: false }
            && plan.Primary.Host.Adopt!.Password == FormerPassword.Replace)
            yield return $"{name}: the role postgres gets a new password; who knows only the former one is shut out";
        if (survey.Setting("synchronous_standby_names") is { Length: > 0 } names)
            yield return $"{name}: synchronous_standby_names = '{names}' goes, and follows the cluster's durability; "
                + "for some seconds commits wait for nobody";
        if (survey.Setting("synchronous_commit") is ("off" or "local") and var commit)
            yield return $"{name}: synchronous_commit = {commit} stays: commits are confirmed that a failover may lose";
        foreach (var sender in survey.Senders
            .Where(sender => plan.Hosts.All(host => !AdoptionChecks.IsOf(host.Seen, sender.Address))))
            yield return $"{name}: {sender.Application} at {(sender.Address == "" ? "its socket" : sender.Address)} "
                + "receives WAL and is in no host of this file; it goes on, and does not follow a failover by itself";
        if (survey.Slots.Any(slot => slot.Value == "logical"))
            yield return $"{name}: logical slots stay on it, and do not follow a failover by themselves";
    }

    private static IEnumerable<string> Settings(DeploymentQuestion question, AdoptedHost host)
    {
        var survey = host.Survey;
        // In milliseconds, as the server says it.
        var timeout = $"{(long)(question.Blueprint.Timing.Ttl.TotalMilliseconds * 2)}";
        (string Name, string Ours)[] now =
        [
            ("fsync", "on"), ("full_page_writes", "on"), ("restart_after_crash", "off"),
            ("wal_receiver_timeout", timeout), ("wal_sender_timeout", timeout), ("ssl", "on"),
        ];
        (string Name, string Ours)[] later =
        [
            ("wal_log_hints", "on"),
            ("cluster_name", $"{question.Blueprint.Cluster}/{host.Host.Name}"),
        ];
        var changed = now.Where(one => survey.Setting(one.Name) != one.Ours).ToArray();
        if (changed.Length > 0)
            yield return $"changes at once: {Text(changed, survey)}; its other settings stay";
        var pending = later.Where(one => survey.Setting(one.Name) != one.Ours).ToArray();
        if (pending.Length > 0)
            yield return $"changes with its next start, whenever that is: {Text(pending, survey)}";
        if (survey.Setting("ssl") == "on"
            && !survey.Setting("ssl_cert_file").Contains(SnakeOil, StringComparison.Ordinal) && !survey.IsPrepared)
            yield return $"shows the cluster's certificate instead of {survey.Setting("ssl_cert_file")}: clients that "
                + $"verify it need {question.Blueprint.Cluster}.secrets/ca.crt";
    }

    private static string Text(IEnumerable<(string Name, string Ours)> changes, AdoptionSurvey survey) =>
        string.Join(", ", changes.Select(one => $"{one.Name} = {one.Ours} (was '{survey.Setting(one.Name)}')"));
}
