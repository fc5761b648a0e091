namespace PgMahout.Core.Deployment;

/// <summary>
/// The words by which servers that run already are taken over: <c>adopt: { data: DIRECTORY }</c> for all hosts, for
/// one, or <c>adopt: false</c> on one that has none.
/// </summary>
internal sealed class AdoptionReader(FindingList findings)
{
    private const string Expected = "{ data: DIRECTORY }, such as { data: /var/lib/postgresql/15/main }";
    private const string DataRule =
        "the absolute path of its data directory, of letters, digits, and / . _ + - @ only";

    private static readonly string[] WordsForNo = ["false", "no", "off", "none"];

    /// <summary>What is said for all hosts with data; null: nothing.</summary>
    public AdoptionBlueprint? ForAll(MapReader keys) => Read(keys, null);

    /// <param name="general">What is said for all hosts.</param>
    public AdoptionBlueprint? ForHost(MapReader keys, HostRole role, AdoptionBlueprint? general)
    {
        if (keys.Node("adopt") is null)
            return role == HostRole.Data ? general : null;
        var own = Read(keys, general);
        if (own is not null && role == HostRole.Witness)
            findings.Error(keys.MarkOf("adopt"), "a witness holds no data, so there is nothing to adopt");
        return own;
    }

    private AdoptionBlueprint? Read(MapReader keys, AdoptionBlueprint? general)
    {
        if (keys.Node("adopt") is null)
            return null;
        if (keys.Node("adopt") is DocumentNode.Scalar no && WordsForNo.Contains(no.Text))
            return null;
        if (keys.Map("adopt", Expected) is not { } map)
            return null;
        var adopt = new MapReader(map, "adopt", findings, "data", "password");
        var data = general is null ? adopt.Required("data", DataRule) : adopt.Text("data", DataRule) ?? general.Data;
        var password = adopt.Word("password", ("keep", FormerPassword.Keep), ("replace", FormerPassword.Replace));
        if (data is null)
            return null;
        if (!IsPlace(data))
            findings.Error(adopt.MarkOf("data"), $"'{data}' is not a place for data", DataRule);
        return new AdoptionBlueprint(data.TrimEnd('/'), password ?? general?.Password ?? FormerPassword.None);
    }

    /// <summary>It becomes a word of the shell on the host.</summary>
    private static bool IsPlace(string path) =>
        path.Length > 1 && path[0] == '/' && !path.Split('/').Contains("..")
        && path.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '_' or '+' or '-' or '@');
}
