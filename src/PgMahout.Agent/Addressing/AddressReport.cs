using System.Collections.Immutable;
using System.Text.Json;
using PgMahout.Agent.Api;
using PgMahout.Agent.Guarding;
using PgMahout.Agent.Home;
using PgMahout.Core.Access;
using PgMahout.Core.Addressing;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Processes;

namespace PgMahout.Agent.Addressing;

/// <summary>What the process that keeps the virtual address says of it, for whoever asks the agent beside it.</summary>
/// <param name="Address">With the length of its network's prefix, such as 10.0.0.100/24.</param>
/// <param name="IsHere">It is on this host, by the kernel's own word.</param>
/// <param name="Rule">Of its latest decision; null when that process does not run, or hangs.</param>
/// <param name="Owner">The hardware address of who else has it; null: nobody.</param>
/// <param name="Complaint">What it could not do; null: nothing.</param>
/// <param name="At">When it said so, on this host's clock.</param>
public sealed record AddressReport(
    string Address, string Interface, bool IsHere, AddressRule? Rule, string? Owner, string? Complaint, Instant At)
{
    /// <summary>A process that runs says something every second.</summary>
    private static readonly TimeSpan Stale = TimeSpan.FromSeconds(4);

    /// <summary>Null where this home has no virtual address, or nothing was ever said of it.</summary>
    public static AddressReport? Read(HomeLayout home)
    {
        if (ReadFile(home) is not { } report)
            return null;
        // What a process said that is gone, or of an earlier boot, is not known any more.
        var age = BootClock.Now() - report.At;
        var lives = age >= TimeSpan.Zero && age < Stale && PidLock.Holder(home.AddressLock) is not null;
        report = report with { IsHere = !Places(report).IsEmpty };
        return lives ? report : report with { Rule = null, Owner = null, Complaint = null };
    }

    /// <summary>
    /// The address is on an interface here, and will go by itself: nobody else should be let take the lease before.
    /// One that somebody has put there for good is nothing to wait for.
    /// </summary>
    public static bool Lingers(HomeLayout home) =>
        ReadFile(home) is { } report && Places(report).Any(one => one.SecondsLeft is not null);

    private static ImmutableArray<RouteAnswer.Address> Places(AddressReport report)
    {
        if (IpAddress.Parse(report.Address.Split('/')[0]) is not { } address)
            return [];
        try
        {
            using var table = AddressTable.Open();
            return table.Find(address) ?? [];
        }
        catch (IOException)
        {
            // Where addresses cannot be read, the next holder's own question to the neighbours must do.
            return [];
        }
    }

    /// <summary>Whoever reads the file finds the old report or the new one; it need not survive a crash.</summary>
    internal void Write(HomeLayout home)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(this, WireContext.Default.AddressReport);
        File.WriteAllBytes(home.AddressReport + ".new", bytes);
        File.Move(home.AddressReport + ".new", home.AddressReport, overwrite: true);
    }

    private static AddressReport? ReadFile(HomeLayout home)
    {
        try
        {
            return File.Exists(home.AddressReport)
                ? JsonSerializer.Deserialize(File.ReadAllBytes(home.AddressReport), WireContext.Default.AddressReport)
                : null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }
}
