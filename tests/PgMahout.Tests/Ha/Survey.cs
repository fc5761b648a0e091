using System.Diagnostics;
using PgMahout.Core.Ha;

namespace PgMahout.Tests.Ha;

/// <summary>Decides many views and keeps the first few violations of each law.</summary>
/// <param name="decide">The policy; another one shows that the laws notice.</param>
internal sealed class Survey(IReadOnlyList<Law> laws, Func<Sight, Decision>? decide = null)
{
    private const int Kept = 3;
    private readonly Func<Sight, Decision> _decide = decide ?? (sight => HaPolicy.Decide(sight.View));
    private readonly Dictionary<string, int> _counts = [];
    private readonly List<string> _examples = [];
    private readonly Stopwatch _watch = new();

    public int Views { get; private set; }

    public HashSet<Rule> Rules { get; } = [];

    public IEnumerable<string> Broken => _counts.Keys;

    public string Violations => string.Join('\n', _counts
        .Select(broken => $"{broken.Value} times: {broken.Key}")
        .Concat(_examples));

    public void Take(IEnumerable<Sight> sights)
    {
        _watch.Start();
        foreach (var sight in sights)
            Take(sight);
        _watch.Stop();
    }

    public override string ToString() =>
        $"{Views} views, {Views / _watch.Elapsed.TotalSeconds:F0} a second, {Rules.Count} rules, {laws.Count} laws";

    private void Take(Sight sight)
    {
        Views++;
        Decision decision;
        try
        {
            decision = _decide(sight);
        }
        catch (Exception thrown) when (thrown is InvalidOperationException or NullReferenceException)
        {
            Add($"Policy is total ({thrown.Message})", $"{sight}");
            return;
        }
        if (!Same(decision, _decide(sight)))
            Add("Deciding twice gives the same", $"{sight} => {decision.Rule}");
        Rules.Add(decision.Rule);
        var turn = new Turn(sight.View, decision);
        foreach (var law in laws)
            if (!law.Holds(turn))
                Add(law.Name, $"{sight} => {decision.Rule}: {string.Join(", ", decision.Actions)}");
    }

    private static bool Same(Decision one, Decision other) =>
        one.Rule == other.Rule && one.WakeWithin == other.WakeWithin && one.Actions.SequenceEqual(other.Actions);

    private void Add(string law, string example)
    {
        var count = _counts[law] = _counts.GetValueOrDefault(law) + 1;
        if (count <= Kept)
            _examples.Add($"{law}\n    {example}");
    }
}
