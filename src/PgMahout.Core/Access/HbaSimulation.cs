using System.Collections.Immutable;

namespace PgMahout.Core.Access;

/// <summary>
/// Asks the rules, without a server: the first that is for a login decides, and where none is, the login is rejected.
/// </summary>
public static class HbaSimulation
{
    /// <summary>Of the answers to one network. Masks that are no prefixes could give one for each address.</summary>
    private const int MostSpans = 4096;

    /// <summary>The one answer to a login, whose address must be a single one.</summary>
    public static HbaAnswer Ask(HbaFile file, LoginAttempt attempt, Surroundings surroundings)
    {
        if (attempt.From is { } from && from.First != from.Last)
            throw new ArgumentException($"{from} is more than one address; ask for the network", nameof(attempt));
        return Decide(file, attempt, surroundings).Answer;
    }

    /// <summary>The answers to logins from a whole network, in the order of the addresses.</summary>
    public static ImmutableArray<HbaSpan> AskNetwork(HbaFile file, LoginAttempt attempt, Surroundings surroundings)
    {
        if (attempt.From is not { PrefixLength: not null })
            throw new ArgumentException("a network is an address and a prefix length", nameof(attempt));
        var spans = new List<HbaSpan>();
        var open = new Stack<IpRange>([attempt.From.Value]);
        while (open.TryPop(out var network))
        {
            var (answer, differs) = Decide(file, attempt with { From = network }, surroundings);
            if (differs && spans.Count + open.Count < MostSpans && network.First != network.Last)
            {
                var (lower, upper) = network.Halves();
                open.Push(upper);
                open.Push(lower);
            }
            else if (spans.Count > 0 && spans[^1].Answer == answer)
                spans[^1] = spans[^1] with { Last = network.Last };
            else
                spans.Add(new HbaSpan(network.First, network.Last, answer));
        }
        return [.. spans];
    }

    /// <summary>Differs: a rule before the deciding one is for a part of the addresses only.</summary>
    private static (HbaAnswer Answer, bool Differs) Decide(
        HbaFile file, LoginAttempt attempt, Surroundings surroundings)
    {
        var unsure = ImmutableArray.CreateBuilder<int>();
        var differs = false;
        foreach (var entry in file.Entries)
            switch (HbaMatching.Match(entry, attempt, surroundings))
            {
                case Coverage.None:
                    break;
                case Coverage.Part:
                    differs = true;
                    unsure.Add(entry.Line);
                    break;
                case Coverage.Unknown:
                    unsure.Add(entry.Line);
                    break;
                case Coverage.All:
                    return (new HbaAnswer(((HbaEntry.Ruling)entry).Rule, unsure.ToImmutable()), differs);
            }
        return (new HbaAnswer(null, unsure.ToImmutable()), differs);
    }
}
