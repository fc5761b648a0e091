using System.Collections.Immutable;
using System.Globalization;
using PgMahout.CommandLine;
using PgMahout.Configuring;
using PgMahout.Core.Access;
using PgMahout.Errors;

namespace PgMahout.Access;

/// <summary>
/// Adds and removes rules for every member: checked, planned, tried, rolled out, taken back if it fails.
/// </summary>
internal sealed class ChangeCommand(Invocation invocation, ConfigurationAccess access, ApplyOptions options)
{
    private ImmutableArray<string> Current => access.State.Current.Desired.AccessRules;

    /// <param name="place">From 1, among the configured rules; null for the end.</param>
    public Task<Ending> AddAsync(string rule, int? place)
    {
        var line = rule.Trim();
        if (place is { } asked && (asked < 1 || asked > Current.Length + 1))
            return Task.FromResult<Ending>(new Failure(
                    ErrorCatalogue.Usage, string.Create(CultureInfo.InvariantCulture, $"there is no place {asked}"))
                .Because(string.Create(CultureInfo.InvariantCulture, $"the places are 1 to {Current.Length + 1}"))
                .Try("pgmahout hba list"));
        return ApplyAsync(Current.Insert((place ?? Current.Length + 1) - 1, line));
    }

    /// <param name="which">Numbers as <c>hba list</c> shows them, or whole rules.</param>
    public Task<Ending> RemoveAsync(IReadOnlyList<string> which)
    {
        var removed = new SortedSet<int>();
        foreach (var one in which)
        {
            var index = int.TryParse(one, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? number - 1
                : IndexOf(one);
            if (index < 0 || index >= Current.Length)
                return Task.FromResult<Ending>(new Failure(ErrorCatalogue.AccessUnknown, $"there is no rule '{one}'")
                    .Because(Current.IsEmpty
                        ? "the cluster's configuration has no rules; its own lines cannot be removed"
                        : $"it has {string.Join("; ", Current)}")
                    .Try("pgmahout hba list"));
            removed.Add(index);
        }
        return ApplyAsync([.. Current.Where((_, index) => !removed.Contains(index))]);
    }

    private int IndexOf(string rule)
    {
        var words = rule.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        for (var index = 0; index < Current.Length; index++)
            if (Current[index].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).SequenceEqual(words))
                return index;
        return -1;
    }

    private async Task<Ending> ApplyAsync(ImmutableArray<string> rules)
    {
        if (new AccessCheck(access).WhyNotTaken(rules) is { } refused)
            return refused;
        await AdviseAsync(rules);
        return await new ApplyCommand(invocation, access, options)
            .RunAsync(access.State.Current.Desired with { AccessRules = rules });
    }

    /// <summary>Advice on what is new, as the members would have it.</summary>
    private async Task AdviseAsync(ImmutableArray<string> rules)
    {
        var picture = await AccessPicture.DrawAsync(
            access, access.Spec.Members[0], rules, invocation.Cancellation);
        var fresh = rules.Except(Current).ToArray();
        foreach (var advice in HbaReview.Of(picture.File, tls: null))
        {
            var line = picture.Preview.Text.Split('\n')[advice.Line - 1];
            if (picture.OriginOf(advice.Line) == RuleOrigin.Configured && fresh.Contains(line))
                invocation.Screen.Note($"{AccessWords.Of(advice.Weight)}: {advice.Text}");
        }
    }
}
