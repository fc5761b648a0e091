using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using PgMahout.Postgres.Instance;

namespace PgMahout.Agent.Home;

/// <summary>
/// How a member's server was found when it was adopted: <c>adopted.json</c> beside the link to its data. It is written
/// last, so where it is there, the files of that server are prepared.
/// </summary>
/// <param name="Data">The data directory: absolute, without symbolic links.</param>
/// <param name="Addresses">Of <c>listen_addresses</c>.</param>
/// <param name="SocketDirectories">Of <c>unix_socket_directories</c>.</param>
public sealed record AdoptionFile(
    string Data, ImmutableArray<string> Addresses, ImmutableArray<string> SocketDirectories)
{
    /// <summary>Only directories that are there now: a server does not start for want of one.</summary>
    public FormerReach Reach => new(Addresses, [.. SocketDirectories.Where(Directory.Exists)]);

    /// <summary>Null when there is none.</summary>
    /// <exception cref="InvalidDataException">It cannot be understood.</exception>
    public static AdoptionFile? Read(string path)
    {
        try
        {
            return File.Exists(path)
                ? JsonSerializer.Deserialize(File.ReadAllBytes(path), AdoptionJson.Default.AdoptionFile)
                : null;
        }
        catch (JsonException broken)
        {
            throw new InvalidDataException($"{path} cannot be read: {broken.Message}");
        }
    }

    public string ToJson() => JsonSerializer.Serialize(this, AdoptionJson.Default.AdoptionFile) + "\n";
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(AdoptionFile))]
internal sealed partial class AdoptionJson : JsonSerializerContext;
