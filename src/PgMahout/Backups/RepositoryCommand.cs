using PgMahout.Backup.Framing;
using PgMahout.Backup.Repositories;
using PgMahout.CommandLine;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Errors;
using PgMahout.Hosts;
using PgMahout.Output;
using PgMahout.Starting;

namespace PgMahout.Backups;

/// <summary>What <c>repo add</c> was told.</summary>
internal sealed record RepositoryRequest(RepositorySettings Settings, bool AdmitNewSystem);

/// <summary>Adds places where backups go, takes them away, lists them.</summary>
internal sealed class RepositoryCommand(Invocation invocation, BackupAccess access)
{
    private Screen Screen => invocation.Screen;

    private CancellationToken Cancellation => invocation.Cancellation;

    public async Task<Ending> AddAsync(RepositoryRequest request)
    {
        var settings = request.Settings;
        if (WhyNot(settings) is { } refused)
            return refused;
        if (!access.Identity.TryGet(out var identity, out var unborn))
            return unborn;
        if (Make(settings.Address) is { } unmade)
            return unmade;
        if (settings.KeyFile is { } file && EncryptionKey.LoadOrCreate(file).Failure is { } unusable)
            return RepositoryOpening.Translate(ErrorCatalogue.RepositoryRefused, unusable);
        var owner = new RepositoryOwner(access.Spec.Name, identity, request.AdmitNewSystem);
        var opened = await RepositoryOpening.OpenAsync(settings, owner, Cancellation);
        if (!opened.TryGet(out var repository))
            return RepositoryOpening.Translate(ErrorCatalogue.RepositoryRefused, opened.Failure!);
        await using var closing = repository;
        if (await RoundTrip.TryAsync(repository.Repository, Cancellation) is { } broken)
            return RepositoryOpening.Translate(ErrorCatalogue.RepositoryRefused, broken);
        var next = access.Settings with { Repositories = access.Repositories.Add(settings) };
        if (await access.ChangeAsync(next, Cancellation) is { } failure)
            return failure;
        await access.Cluster.TellAsync(
            JournalKind.BackupSettings, null, $"repository {settings.Name} added: {settings.Address}", Cancellation);
        if (settings.KeyFile is { } key)
            Screen.Note($"keep a copy of {key} somewhere else: without it nothing in this repository can be read");
        if (NewRepository.IsOnDiskOf(invocation.Home, settings.Address))
            Screen.Note("it is on the same disk as the data: it protects from mistakes, not from loss of the disk");
        Done.Say(Screen, new Done(
            "repo", access.Spec.Name,
            $"repository {settings.Name} in {settings.Address}: WAL goes there from now on; the first backup follows"));
        return Ending.Ok;
    }

    public async Task<Ending> RemoveAsync(string name)
    {
        if (!access.Choose(name).TryGet(out var settings, out var unknown))
            return unknown;
        if (access.Repositories.Length == 1
            && Confirmation.YesUnlessAgreed(
                invocation, $"{name} is the only repository: nothing new could be restored. Go on?") is { } declined)
            return declined;
        var next = access.Settings with { Repositories = access.Repositories.Remove(settings) };
        if (await access.ChangeAsync(next, Cancellation) is { } failure)
            return failure;
        await access.Cluster.TellAsync(
            JournalKind.BackupSettings, null, $"repository {name} removed; its content stays", Cancellation);
        Done.Say(Screen, new Done(
            "repo", access.Spec.Name,
            $"repository {name} is no longer written to; what is in {settings.Address} stays, and can be restored with "
            + $"pgmahout restore --from {settings.Address}"));
        return Ending.Ok;
    }

    /// <summary>The whole way: an object there and back, and a piece of WAL from the primary.</summary>
    public async Task<Ending> CheckAsync(string? name)
    {
        if (HostHome.WhyNotLetIn(invocation.Home, access.Spec, "repo check") is { } elsewhere)
            return elsewhere;
        if (!(await access.WriteAsync(name, Cancellation)).TryGet(out var repository, out var failure))
            return failure;
        await using var closing = repository;
        if (await RoundTrip.TryAsync(repository.Repository, Cancellation) is { } broken)
            return RepositoryOpening.Translate(ErrorCatalogue.RepositoryFailed, broken);
        if (!access.Identity.TryGet(out var identity, out failure))
            return failure;
        if (!access.Primary(invocation.Home).TryGet(out var primary, out failure))
            return failure;
        var trip = new WalRoundTrip(primary, repository, identity);
        var made = await trip.TryAsync(Cancellation);
        if (!made.TryGet(out var text))
            return RepositoryOpening.Translate(ErrorCatalogue.RepositoryFailed, made.Failure!);
        Done.Say(Screen, new Done("repo", access.Spec.Name, $"repository {repository.Settings.Name}: {text}"));
        return Ending.Ok;
    }

    public Ending List()
    {
        var document = new RepositoriesDocument(
            DocumentJson.Schema, access.Spec.Name, [.. access.Repositories.Select(Of)]);
        Screen.Data(Screen.Format switch
        {
            OutputFormat.Json => DocumentJson.Text(document, DocumentJson.Types.RepositoriesDocument),
            OutputFormat.Plain => string.Join('\n', document.Repositories.Select(one => Columns.Tabbed(Cells(one)))),
            OutputFormat.Human => document.Repositories.IsEmpty
                ? "no repository: nothing is backed up (pgmahout repo add main DIRECTORY)"
                : Columns.Align(
                    [["NAME", "ADDRESS", "COMPRESSION", "ENCRYPTION"], .. document.Repositories.Select(Cells)]),
        });
        return Ending.Ok;
    }

    /// <summary>Only the last part of the path: a parent that is missing is a mount that is missing.</summary>
    private static Failure? Make(string address)
    {
        if (address.StartsWith(S3Settings.Scheme, StringComparison.Ordinal) || Path.Exists(address)
            || !Directory.Exists(Path.GetDirectoryName(address)))
            return null;
        try
        {
            Directory.CreateDirectory(
                address, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Failure(ErrorCatalogue.RepositoryRefused, $"{address} cannot be made").Because(e.Message);
        }
    }

    private Failure? WhyNot(RepositorySettings settings)
    {
        if (!RepositorySettings.IsName(settings.Name))
            return new Failure(ErrorCatalogue.RepositoryRefused, $"'{settings.Name}' cannot name a repository")
                .Because("a name has 1 to 32 of a-z, 0-9 and _: it is a part of the name of a replication slot")
                .Try("pgmahout repo add main DIRECTORY");
        if (access.Settings.Find(settings.Name) is { } same)
            return new Failure(ErrorCatalogue.RepositoryRefused, $"there is a repository '{settings.Name}' already")
                .Because($"it is in {same.Address}")
                .Try("pgmahout repo list");
        return access.Repositories.FirstOrDefault(one => one.Address == settings.Address) is { } there
            ? new Failure(ErrorCatalogue.RepositoryRefused, $"{settings.Address} is repository '{there.Name}' already")
                .Try("pgmahout repo list")
            : null;
    }

    private static RepositoryDocument Of(RepositorySettings settings) => new(
        settings.Name, settings.Address, Words(settings), settings.KeyFile, settings.SlotName);

    private static string Words(RepositorySettings settings) =>
        (settings.Compression, settings.Level) switch
        {
            (CompressionKind.None, _) => "none",
            (CompressionKind.Lz4, null) => "lz4",
            (CompressionKind.Lz4, { } level) => $"lz4:{level}",
            (CompressionKind.Zstd, null) => "zstd",
            (CompressionKind.Zstd, { } level) => $"zstd:{level}",
            _ => throw new InvalidOperationException($"unknown compression {settings.Compression}"),
        };

    private static string[] Cells(RepositoryDocument one) =>
        [one.Name, one.Address, one.Compression, one.KeyFile is { } key ? $"aes-256-gcm, key in {key}" : "none"];
}
