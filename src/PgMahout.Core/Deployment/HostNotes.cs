using System.Collections.Immutable;

namespace PgMahout.Core.Deployment;

/// <summary>What is not refused, and an operator should know.</summary>
public static class HostNotes
{
    public static ImmutableArray<string> On(DeploymentQuestion question)
    {
        var notes = ImmutableArray.CreateBuilder<string>();
        var releases = question.Looked
            .Where(looked => looked.Host.Role == HostRole.Data)
            .GroupBy(looked => looked.Survey.Platform.Name)
            .ToArray();
        if (releases.Length > 1)
            notes.Add(
                "hosts run different systems, and the order of letters may differ between them, which damages indexes "
                + "after a failover: "
                + string.Join("; ", releases.Select(same =>
                    $"{same.Key} on {string.Join(", ", same.Select(looked => looked.Host.Name))}")));
        foreach (var (host, survey) in question.Looked)
        {
            if (survey.Firewall != HostFirewall.None && !question.OpensFirewall && survey.ActiveUnits.IsEmpty)
                notes.Add(
                    $"{host.Name} has a firewall ({FirewallScript.Name(survey.Firewall)}); ports are opened by "
                    + "--open-firewall only");
            if (survey.Program is { } program && program != question.Goods.Program && !survey.ActiveUnits.IsEmpty)
                notes.Add(
                    $"{host.Name} runs pgmahout {program}; `pgmahout deploy upgrade` brings {question.Goods.Program}");
        }
        return notes.ToImmutable();
    }
}
