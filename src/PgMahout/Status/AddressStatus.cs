using System.Collections.Immutable;
using PgMahout.Agent.Addressing;
using PgMahout.Core.Addressing;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Output;

namespace PgMahout.Status;

/// <summary>The address that goes with the leadership, as the agents of its hosts tell of it. Pure.</summary>
/// <param name="Leader">Whose host should have it; null: nobody's now.</param>
/// <param name="Reports">Of the members whose hosts may have it.</param>
public sealed record AddressStatus(
    string Address, string Interface, MemberName? Leader,
    ImmutableArray<(MemberName Member, AddressReport Report)> Reports)
{
    /// <summary>Null where no host tells of such an address.</summary>
    public static AddressStatus? Of(ClusterObservation seen, MemberName? leader)
    {
        ImmutableArray<(MemberName Member, AddressReport Report)> reports =
        [
            .. seen.Members.Where(member => member.Status?.Address is not null)
                .Select(member => (member.Name, member.Status!.Address!)),
        ];
        if (reports.IsEmpty)
            return null;
        var first = reports.FirstOrDefault(one => one.Member == leader, reports[0]).Report;
        return new AddressStatus(first.Address, first.Interface, leader, reports);
    }

    /// <summary>On whose hosts it is: one, or none.</summary>
    public IEnumerable<MemberName> Holders => Reports.Where(one => one.Report.IsHere).Select(one => one.Member);

    /// <summary>Clients that connect to it reach the leader's host.</summary>
    public bool IsWithLeader => Leader is { } leader && Holders.SequenceEqual([leader]);

    public AddressReport? OfLeader =>
        Reports.FirstOrDefault(one => one.Member == Leader) is { Report: { } report } ? report : null;

    public string Line => $"address {Address} is {Place}";

    public string Plain => Columns.Tabbed("address", Address, string.Join(',', Holders), Interface, Reason);

    public VirtualIpDocument Document => new(
        Address, Interface, [.. Holders.Select(holder => holder.Text)], IsWithLeader, OfLeader?.Rule?.ToString(),
        OfLeader?.Owner, OfLeader?.Complaint);

    public IEnumerable<Notice> Notices
    {
        get
        {
            if (Leader is { } leader && OfLeader?.Owner is { } owner && !IsWithLeader)
                yield return new Notice(
                    ErrorCatalogue.AddressDuplicate.Code,
                    $"{Address} is not taken by {leader}, because {owner} on the same network answers for it",
                    $"pgmahout explain {ErrorCatalogue.AddressDuplicate.Code}");
            else if (Leader is { } without && !IsWithLeader)
                yield return new Notice(
                    ErrorCatalogue.AddressMissing.Code, $"{Address} is not on {without}, which leads: {Reason}",
                    "journalctl -u pgmahout-address -n 20    (on that host)");
            foreach (var (member, _) in Reports.Where(one => one.Report.Rule is null && one.Member != Leader))
                yield return new Notice(
                    ErrorCatalogue.AddressUnkept.Code,
                    $"{member} could not take {Address}: nothing keeps the address there",
                    "systemctl restart pgmahout-address    (on that host)");
        }
    }

    private string Place => string.Join(" and on ", Holders) is { Length: > 0 } holders
        ? $"on {holders} ({Interface})"
        : $"nobody's: {Reason}";

    private string Reason => OfLeader switch
    {
        null when Leader is null => "nobody leads",
        null => "its agent says nothing of it",
        { Rule: null } => "the process that keeps it there does not run, or hangs",
        { Owner: { } owner } => $"{owner} answers for it",
        { Complaint: { } complaint } => complaint,
        { Rule: { } rule } => AddressWords.Of(rule),
    };
}
