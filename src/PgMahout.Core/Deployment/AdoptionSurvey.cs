using System.Collections.Immutable;
using System.Globalization;

namespace PgMahout.Core.Deployment;

/// <summary>What was found of a server that is to be adopted, by <see cref="AdoptionScript"/>.</summary>
public sealed record AdoptionSurvey
{
    /// <summary>Its files are prepared already.</summary>
    public bool IsPrepared { get; init; }

    /// <summary>Without symbolic links; empty: there is no such directory.</summary>
    public string Data { get; init; } = "";

    public string Owner { get; init; } = "";

    /// <summary>Major version of its data; 0: it is no data directory.</summary>
    public int Major { get; init; }

    /// <summary>The account postgres can make a copy beside it.</summary>
    public bool HasRoomBeside { get; init; }

    public bool IsMountPoint { get; init; }

    /// <summary>Of the postmaster that runs on it; 0: none.</summary>
    public int Postmaster { get; init; }

    /// <summary>The unit that keeps it; null: it was started in another way.</summary>
    public string? Unit { get; init; }

    /// <summary>Where Debian's tools keep its configuration; null: they do not know it.</summary>
    public string? DebianDirectory { get; init; }

    /// <summary>The directory of its unix socket.</summary>
    public string SocketDirectory { get; init; } = "";

    /// <summary>Null: it answered every question; else what psql said.</summary>
    public string? Complaint { get; init; }

    public ImmutableSortedDictionary<string, string> Settings { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;

    public ulong SystemIdentifier { get; init; }
    public bool IsStandby { get; init; }

    /// <summary>How far it has written or received, in bytes.</summary>
    public long Position { get; init; }

    /// <summary>0: a standby that receives nothing.</summary>
    public long Timeline { get; init; }

    /// <summary>Of a standby: it receives WAL.</summary>
    public bool IsStreaming { get; init; }

    /// <summary>Through which a standby receives; empty: none.</summary>
    public string ReceiverSlot { get; init; } = "";

    public ImmutableArray<AdoptionSender> Senders { get; init; } = [];

    /// <summary>By name: physical or logical.</summary>
    public ImmutableSortedDictionary<string, string> Slots { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;

    public ImmutableArray<string> Tablespaces { get; init; } = [];

    /// <summary>The role postgres has a password.</summary>
    public bool HasPassword { get; init; }

    public string Setting(string name) => Settings.GetValueOrDefault(name, "");

    public int Number(string name) =>
        int.TryParse(Setting(name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : 0;

    /// <returns>Null when the script did not come to its end.</returns>
    public static AdoptionSurvey? Parse(string printed)
    {
        var lines = printed.Split('\n').Select(line => line.Split('\t')).ToArray();
        var said = lines.Where(words => words.Length > 1)
            .ToLookup(words => words[0], words => words[1..], StringComparer.Ordinal);
        if (!said.Contains("end"))
            return null;
        var receiver = said["receiver"].FirstOrDefault() ?? [];
        return new AdoptionSurvey
        {
            IsPrepared = said.Contains("done"),
            Data = One("data"),
            Owner = One("owner"),
            Major = (int)Whole(One("version")),
            HasRoomBeside = said.Contains("beside"),
            IsMountPoint = said.Contains("mount"),
            Postmaster = (int)Whole(One("pid")),
            Unit = said["unit"].FirstOrDefault()?[0],
            DebianDirectory = said["debian"].FirstOrDefault()?[0],
            SocketDirectory = One("socket"),
            Complaint = said.Contains("answered")
                ? null
                : string.Join('\n', lines.Where(words => words is [{ Length: > 0 }]).Select(words => words[0])),
            Settings = said["setting"].Where(words => words.Length > 1)
                .ToImmutableSortedDictionary(words => words[0], words => words[1], StringComparer.Ordinal),
            SystemIdentifier = ulong.TryParse(One("identity"), CultureInfo.InvariantCulture, out var own) ? own : 0,
            IsStandby = One("recovery") == "t",
            Position = Whole(One("position")),
            Timeline = Whole(One("timeline")),
            IsStreaming = receiver is ["streaming", ..],
            ReceiverSlot = receiver.Length > 1 ? receiver[1] : "",
            Senders =
            [
                .. said["sender"].Where(words => words.Length > 2)
                    .Select(words => new AdoptionSender(words[0], words[1], words[2])),
            ],
            Slots = said["slot"].Where(words => words.Length > 1)
                .ToImmutableSortedDictionary(words => words[0], words => words[1], StringComparer.Ordinal),
            Tablespaces = [.. said["tablespace"].Select(words => words[0])],
            HasPassword = One("password") == "t",
        };

        string One(string word) => said[word].FirstOrDefault()?[0] ?? "";
    }

    private static long Whole(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}

/// <summary>Whom a server sends WAL to.</summary>
/// <param name="Address">In numbers; empty through a unix socket.</param>
/// <param name="State">As in pg_stat_replication.</param>
public sealed record AdoptionSender(string Address, string State, string Application);
