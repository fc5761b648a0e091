namespace PgMahout.Status;

/// <summary>What is different between two looks at a cluster, as lines for people. Pure.</summary>
public static class Changes
{
    /// <param name="before">Null before the first look.</param>
    public static IEnumerable<string> Between(ClusterStatus? before, ClusterStatus now)
    {
        foreach (var member in now.Members)
        {
            var was = before?.Find(member.Name);
            var line = Line(member);
            if (was is null ? member.State != MemberState.Silent : Line(was) != line)
                yield return line;
        }
        if (now.Leader is { } leader && before?.Leader != leader)
            yield return $"{leader} leads (epoch {now.Epoch})";
        if (before is not null && before.State != now.State)
            yield return $"the cluster is {Words.Of(now.State)}";
    }

    private static string Line(MemberStatus member)
    {
        var what = member.Role is MemberRole.Primary or MemberRole.Standby
            ? $"{Words.Of(member.Role)}, {Words.Of(member.State)}"
            : Words.Of(member.State);
        return member.Note.Length == 0 ? $"{member.Name}: {what}" : $"{member.Name}: {what} ({member.Note})";
    }
}
