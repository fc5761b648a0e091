using System.Collections.Immutable;
using System.Globalization;
using PgMahout.HostTests.Chaos.Checking;
using PgMahout.HostTests.Harness;
using PgMahout.LiveTests.Harness;

namespace PgMahout.HostTests.Chaos;

/// <summary>
/// What a run leaves in artifacts/chaos: plan, faults and history as lines of JSON, the table, and the hosts' journals
/// when something is wrong. The run can be followed in <c>faults.jsonl</c> while it goes on.
/// </summary>
internal sealed class ChaosRecord : IAsyncDisposable
{
    private readonly string _directory;
    private readonly StreamWriter _faults;
    private readonly List<(string Kind, TimeSpan Began)> _began = [];

    private ChaosRecord(string directory)
    {
        _directory = directory;
        _faults = new StreamWriter(Path.Combine(directory, "faults.jsonl")) { AutoFlush = true };
    }

    public static ChaosRecord Begin(ulong seed, bool hasWitness, ImmutableArray<Step> steps)
    {
        var at = Environment.GetEnvironmentVariable("PGMAHOUT_CHAOS_DIRECTORY") is { Length: > 0 } given
            ? given
            : Path.Combine(Program.Artifacts, "chaos", string.Create(
                CultureInfo.InvariantCulture, $"{(hasWitness ? "witness" : "three")}-{seed}"));
        Directory.CreateDirectory(at);
        File.WriteAllLines(Path.Combine(at, "plan.jsonl"), steps.Select(JsonLines.Line));
        return new ChaosRecord(at);
    }

    /// <param name="recovery">Until all was whole, if anybody waited for it.</param>
    /// <param name="writes">So many were confirmed meanwhile.</param>
    public async Task NoteAsync(IEnumerable<DoneFault> done, TimeSpan recovery, long writes)
    {
        foreach (var fault in done)
        {
            var kind = fault.Kind is FaultKind.Switchover or FaultKind.SwitchoverAndPowerLoss
                ? fault.Kind.ToString()
                : $"{fault.Kind} of {fault.Place}";
            _began.Add((kind, fault.Began));
            await _faults.WriteLineAsync(JsonLines.Line(new { fault, recovery, writes }));
        }
    }

    public async Task EndAsync(
        ImmutableArray<Operation> history, ImmutableArray<Violation> violations, string? broken)
    {
        await File.WriteAllLinesAsync(Path.Combine(_directory, "history.jsonl"), history.Select(JsonLines.Line));
        var availability = Availability.Of(
            Availability.Confirmed(history),
            [.. _began.OrderBy(fault => fault.Began)]);
        var counts = history.GroupBy(one => (one.Work, one.Answer)).OrderBy(group => group.Key)
            .Select(group => $"{group.Key.Work} {group.Key.Answer}: {group.Count()}");
        await File.WriteAllLinesAsync(Path.Combine(_directory, "result.md"),
        [
            $"{_began.Count} faults; {violations.Length} promises broken{(broken is null ? "" : "; " + broken)}",
            string.Join(", ", counts),
            "",
            .. availability.Table(),
            "",
            .. violations.Select(JsonLines.Line),
        ]);
    }

    public async Task KeepJournalsAsync(Lab lab)
    {
        foreach (var host in lab.Hosts)
        {
            var ran = await lab.TryAsync("exec", host, "bash", "-c",
                "journalctl --no-pager -o short-precise -u 'pgmahout-*'; cat /var/lib/pgmahout/members/*/log/*.log "
                + "/var/lib/pgmahout/log/*.log");
            await File.WriteAllTextAsync(Path.Combine(_directory, $"{host}.log"), ran.Out);
        }
    }

    public ValueTask DisposeAsync() => _faults.DisposeAsync();
}
