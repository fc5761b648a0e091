using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using PgMahout.CommandLine;
using PgMahout.Core.Configuration;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Output;

namespace PgMahout.Configuring;

/// <summary>Shows what is configured, what would be, and what once was.</summary>
internal sealed class ShowCommand(Invocation invocation, ConfigurationAccess access)
{
    private Screen Screen => invocation.Screen;

    private CancellationToken Cancellation => invocation.Cancellation;

    /// <summary>The values in force: of the settings in the configuration, or of one of all that there are.</summary>
    /// <param name="name">Null for those that the operator chose, are drifting, or wait for a restart.</param>
    public async Task<Ending> GetAsync(string? name, MemberName? member)
    {
        var rows = new List<SettingDocument>();
        var answered = false;
        Failure? silent = null;
        foreach (var server in access.Servers.Where(one => member is null || one.Member.Name == member))
        {
            if (!(await access.ReadAsync(server, Cancellation)).TryGet(out var settings, out silent))
            {
                Screen.Note($"{silent.What}: its values are not shown");
                continue;
            }
            answered = true;
            var key = name is null ? null : DesiredConfiguration.Canonical(name);
            if (key is not null && !settings.ContainsKey(key))
                return DraftCheck.WhyNot(settings, key, "")!;
            rows.AddRange(settings
                .Where(setting => key is null ? IsTelling(setting.Value) : setting.Key == key)
                .Select(setting => RowOf(server.Member.Name, setting.Value)));
        }
        if (!answered)
            return silent!;
        Show(rows);
        return Ending.Ok;
    }

    public async Task<Ending> PlanAsync()
    {
        var wanted = access.State.Rollout?.Candidate.Desired ?? access.Working;
        if (await new CandidateCheck(access).WhyNotAsync(wanted, force: true, Cancellation) is { } refused)
            return refused;
        if (!(await ChangePlan.MakeAsync(access, wanted, Cancellation)).TryGet(out var plan, out var failure))
            return failure;
        Screen.Data(Screen.IsJson
            ? DocumentJson.Text(ConfigurationDocuments.Of(plan, access), DocumentJson.Types.PlanDocument)
            : PlanText.Human(plan, access.Spec.Members.Length));
        if (access.State.Rollout is { } left)
            Screen.Note($"{StepText.Of(left)}: pgmahout config apply --resume, or pgmahout config rollback");
        return Ending.Ok;
    }

    public async Task<Ending> HistoryAsync(long? number)
    {
        if (!(await access.ReadVersionsAsync(Cancellation)).TryGet(out var versions, out var failure))
            return failure;
        if (number is null)
        {
            Show(versions);
            return Ending.Ok;
        }
        if (versions.FirstOrDefault(version => version.Number == number) is not { } found)
            return new Failure(ErrorCatalogue.ConfigurationUnknown, $"there is no configuration {number}")
                .Because($"there are {string.Join(", ", versions.Select(version => version.Number))}")
                .Try("pgmahout config history");
        Screen.Data(Screen.IsJson
            ? DocumentJson.Text(ConfigurationDocuments.Of([found]), DocumentJson.Types.ConfigurationHistoryDocument)
            : ConfigurationText.Write(found.Desired).TrimEnd());
        return Ending.Ok;
    }

    /// <summary>What one setting is, what it is now and why.</summary>
    public async Task<Ending> ExplainAsync(string name)
    {
        if (!(await access.ReadAnyAsync(Cancellation)).TryGet(out var known, out var failure))
            return failure;
        var key = DesiredConfiguration.Canonical(name);
        if (!known.TryGetValue(key, out var setting))
            return DraftCheck.WhyNot(known, key, "") ?? new Failure(
                ErrorCatalogue.ConfigurationUnknown, $"no member's server knows '{name}'");
        var text = new StringBuilder(Describe(setting.Parameter));
        foreach (var server in access.Servers)
            if (await ValueOnAsync(server, key) is { } value)
                text.AppendLine().Append("  on ").Append(server.Member.Name.Text.PadRight(11)).Append(value);
        if (RuledSettings.WhyNot(key, setting.Value) is { } ruled)
            text.AppendLine().Append("  note          ").Append(ruled);
        if (RuledSettings.StandbyMinimums.ContainsKey(key))
            text.AppendLine()
                .Append("  note          a standby must have no less than its primary: raised on the standbys")
                .Append(" first, lowered on the primary first");
        Screen.Data(text.ToString());
        return Ending.Ok;
    }

    private static string Describe(Parameter parameter) =>
        $"""
        {parameter.Name}: {parameter.Description}
          takes effect  {StepText.Of(parameter.Context)}
          can be        {BoundsOf(parameter)}
          compiled in   {ParameterValue.Show(parameter, parameter.BuiltIn)}
        """;

    /// <summary>Null when the member's server does not say.</summary>
    private async Task<string?> ValueOnAsync(MemberServer server, string key) =>
        (await access.ReadAsync(server, Cancellation)).TryGet(out var settings, out _)
        && settings.TryGetValue(key, out var now)
            ? $"{ParameterValue.Show(now.Parameter, now.Value)}, from {SourceOf(server.Member.Name, now)}"
            : null;

    private void Show(List<SettingDocument> rows)
    {
        if (Screen.IsJson)
        {
            Screen.Data(DocumentJson.Text(
                ConfigurationDocuments.Of(rows, access), DocumentJson.Types.ConfigurationDocument));
            return;
        }
        string[][] cells =
        [
            ["SETTING", "MEMBER", "VALUE", "FROM", "NOTE"],
            .. rows.OrderBy(row => row.Name, StringComparer.Ordinal)
                .Select(row => new[] { row.Name, row.Member, row.Value, row.Source, row.Note ?? "" }),
        ];
        Screen.Data(Screen.IsPlain
            ? string.Join('\n', cells.Skip(1).Select(row => Columns.Tabbed(row)))
            : Columns.Align(cells));
        foreach (var rule in access.State.Current.Desired.AccessRules)
            Screen.Note("pg_hba.conf: " + rule);
        if (access.State.Draft is not null)
            Screen.Note("there is a draft that was not applied: pgmahout config plan");
    }

    private void Show(ImmutableArray<ConfigurationVersion> versions)
    {
        if (Screen.IsJson)
        {
            Screen.Data(DocumentJson.Text(
                ConfigurationDocuments.Of(versions), DocumentJson.Types.ConfigurationHistoryDocument));
            return;
        }
        string[][] rows =
        [
            ["VERSION", "SINCE (UTC)", "BY", "SETTINGS", "REASON"],
            .. versions.Select(version => new[]
            {
                version.Number.ToString(CultureInfo.InvariantCulture),
                version.At.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
                version.By,
                version.Desired.Settings.Count.ToString(CultureInfo.InvariantCulture),
                version.Reason ?? "",
            }),
        ];
        Screen.Data(Screen.IsPlain
            ? string.Join('\n', rows.Skip(1).Select(row => Columns.Tabbed(row)))
            : Columns.Align(rows));
    }

    private bool IsTelling(ObservedSetting setting) =>
        setting.PendingRestart
        || setting.BySystem is not null
        || access.State.Current.Desired.Settings.ContainsKey(setting.Parameter.Name)
        || access.State.Current.Desired.Overrides.Values.Any(own => own.ContainsKey(setting.Parameter.Name));

    private SettingDocument RowOf(MemberName member, ObservedSetting setting) => new(
        setting.Parameter.Name,
        member.Text,
        ParameterValue.Show(setting.Parameter, setting.Value),
        SourceOf(member, setting),
        setting.PendingRestart,
        setting.BySystem,
        NoteOf(setting));

    private string SourceOf(MemberName member, ObservedSetting setting)
    {
        var (name, desired) = (setting.Parameter.Name.ToLowerInvariant(), access.State.For(member).Desired);
        if (setting.BySystem is not null)
            return "ALTER SYSTEM";
        if (desired.Overrides.TryGetValue(member, out var own) && own.ContainsKey(name))
            return $"this member's own (configuration {access.State.For(member).Number})";
        if (desired.Settings.ContainsKey(name))
            return $"the cluster (configuration {access.State.For(member).Number})";
        if (setting.Source.Contains("/pgmahout.conf", StringComparison.Ordinal))
            return RuledSettings.WhyNot(name, setting.Value) is null ? "pgmahout's tuning" : "pgmahout, which rules it";
        return setting.Source;
    }

    private static string? NoteOf(ObservedSetting setting) => setting switch
    {
        { PendingRestart: true } => "another value waits for a restart",
        { BySystem: { } value } => $"ALTER SYSTEM set {value} on this member alone",
        _ => null,
    };

    private static string BoundsOf(Parameter parameter) => parameter.Type switch
    {
        ParameterType.Switch => "on or off",
        ParameterType.Word => string.Join(", ", parameter.Allowed),
        ParameterType.Text => "any text",
        ParameterType.Integer or ParameterType.Real =>
            $"{Bound(parameter, parameter.Least)} to {Bound(parameter, parameter.Most)}",
    };

    private static string Bound(Parameter parameter, decimal? bound) => bound is { } number
        ? ParameterValue.Show(parameter, number.ToString(CultureInfo.InvariantCulture))
        : "any number";
}
