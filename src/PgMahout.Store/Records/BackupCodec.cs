using System.Collections.Immutable;
using System.Text.Json;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Store.Records;

internal static class BackupCodec
{
    public static string Encode(BackupSettings settings) => RecordText.Encode(json =>
    {
        json.WriteStartArray("repositories");
        foreach (var repository in settings.Repositories)
            Write(json, repository);
        json.WriteEndArray();
        json.WriteStartObject("schedule");
        WriteSeconds(json, "fullEverySeconds", settings.Schedule.FullEvery);
        WriteSeconds(json, "incrementalEverySeconds", settings.Schedule.IncrementalEvery);
        WriteSeconds(json, "atSeconds", settings.Schedule.At);
        WriteSeconds(json, "drillEverySeconds", settings.Schedule.DrillEvery);
        json.WriteEndObject();
        WriteSeconds(json, "windowSeconds", settings.Retention.Window);
        json.WriteStartArray("periods");
        foreach (var kept in settings.Retention.Periods)
        {
            json.WriteStartObject();
            json.WriteString("period", Word(kept.Period));
            json.WriteNumber("count", kept.Count);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteBoolean("keepEveryByte", settings.WhenUnreachable == WhenUnreachable.KeepEveryByte);
        if (settings.Throttle is { } throttle)
            json.WriteNumber("throttleBytes", throttle.Bytes);
    });

    public static BackupSettings Decode(RecordFields fields) => new(
        Repositories(fields),
        Schedule(fields.Object("schedule")),
        new RetentionPolicy(fields.Seconds("windowSeconds"), [.. fields.Objects("periods").Select(Kept)]),
        fields.Flag("keepEveryByte") ? WhenUnreachable.KeepEveryByte : WhenUnreachable.KeepPrimaryUp,
        fields.NumberOrNull("throttleBytes") is { } bytes ? new ByteSize(bytes) : null);

    private static void Write(Utf8JsonWriter json, RepositorySettings repository)
    {
        json.WriteStartObject();
        json.WriteString("name", repository.Name);
        json.WriteString("address", repository.Address);
        json.WriteString("compression", Word(repository.Compression));
        if (repository.Level is { } level)
            json.WriteNumber("level", level);
        if (repository.KeyFile is { } key)
            json.WriteString("keyFile", key);
        json.WriteStartArray("options");
        foreach (var (name, value) in repository.Options)
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteString("value", value);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static ImmutableArray<RepositorySettings> Repositories(RecordFields fields)
    {
        ImmutableArray<RepositorySettings> repositories = [.. fields.Objects("repositories").Select(Repository)];
        return repositories.DistinctBy(repository => repository.Name).Count() == repositories.Length
            ? repositories
            : throw fields.Fault("repositories", "names one repository twice");
    }

    private static RepositorySettings Repository(RecordFields fields)
    {
        var name = fields.Text("name");
        if (!RepositorySettings.IsName(name))
            throw fields.Fault("name", $"is '{name}', which is not the name of a repository");
        return new RepositorySettings(
            name,
            fields.Text("address"),
            Compression(fields),
            (int?)fields.NumberOrNull("level"),
            fields.TextOrNull("keyFile"),
            fields.Objects("options").ToImmutableSortedDictionary(
                option => option.Text("name"), option => option.Text("value"), StringComparer.Ordinal));
    }

    private static BackupSchedule Schedule(RecordFields fields) => new(
        fields.SecondsOrNull("fullEverySeconds"),
        fields.SecondsOrNull("incrementalEverySeconds"),
        fields.SecondsOrNull("atSeconds"),
        fields.SecondsOrNull("drillEverySeconds"));

    private static KeptPeriod Kept(RecordFields fields) => new(
        fields.Text("period") switch
        {
            "day" => Period.Day,
            "week" => Period.Week,
            "month" => Period.Month,
            "year" => Period.Year,
            var other => throw fields.Fault("period", $"is '{other}', none of day, week, month, year"),
        },
        (int)fields.Number("count", 1, 1000));

    private static CompressionKind Compression(RecordFields fields) => fields.Text("compression") switch
    {
        "none" => CompressionKind.None,
        "lz4" => CompressionKind.Lz4,
        "zstd" => CompressionKind.Zstd,
        var other => throw fields.Fault("compression", $"is '{other}', none of none, lz4, zstd"),
    };

    private static void WriteSeconds(Utf8JsonWriter json, string name, TimeSpan? span)
    {
        if (span is { } given)
            json.WriteNumber(name, (decimal)given.Ticks / TimeSpan.TicksPerSecond);
    }

    private static string Word(CompressionKind compression) => compression switch
    {
        CompressionKind.None => "none",
        CompressionKind.Lz4 => "lz4",
        CompressionKind.Zstd => "zstd",
    };

    private static string Word(Period period) => period switch
    {
        Period.Day => "day",
        Period.Week => "week",
        Period.Month => "month",
        Period.Year => "year",
    };
}
