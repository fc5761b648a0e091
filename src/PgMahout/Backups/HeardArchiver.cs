using System.Collections.Immutable;
using System.Text.Json;
using PgMahout.Agent.Api;
using PgMahout.Output;

namespace PgMahout.Backups;

/// <summary>What the archiver of one host said. Each host with data has one, and one of them archives.</summary>
internal sealed record HeardArchiver(string Host, ArchiverReport Report, TimeSpan Age)
{
    /// <summary>Null when it is not what an archiver of this version writes.</summary>
    public static HeardArchiver? Of(string host, ArchiverWord word)
    {
        try
        {
            return word.Report.Deserialize(DocumentJson.Types.ArchiverReport) is { } report
                ? new HeardArchiver(host, report, TimeSpan.FromSeconds(word.AgeSeconds))
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>
    /// One report for the cluster: of each repository what the one says that archives into it, else what tells most of
    /// why nobody does. Null when none said anything.
    /// </summary>
    public static HeardArchiver? Together(ImmutableArray<HeardArchiver> heard, TimeSpan silence)
    {
        var awake = heard.Where(one => one.Age <= silence).ToImmutableArray();
        if (awake.IsEmpty)
            return heard.MinBy(one => one.Age);
        var archives = awake
            .SelectMany(one => one.Report.Archives.Select(archive => (Chief: one, Archive: archive)))
            .GroupBy(one => one.Archive.Repository)
            .Select(same => same.MinBy(one => Rank(one.Archive)))
            .ToImmutableArray();
        var first = archives.Select(one => one.Chief).FirstOrDefault() ?? awake[0];
        return first with
        {
            Report = first.Report with
            {
                Archives = [.. archives.Select(one => one.Archive with { By = one.Chief.Host })],
                Running = awake.Where(one => one.Report.Running is not null)
                    .Select(one => $"{one.Report.Running}, on {one.Host}").FirstOrDefault(),
            },
        };
    }

    private static int Rank(ArchiveReport archive) => archive.State switch
    {
        "streaming" => 0,
        "foreign" or "stuck" => 1,
        "connecting" or "waiting" => 2,
        "elsewhere" => 3,
        var _ => 4,
    };
}
