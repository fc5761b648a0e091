using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Files;
using PgMahout.Postgres.Observation;
using PgMahout.Postgres.Processes;

namespace PgMahout.Postgres.Instance;

/// <summary>What the actions on one instance share.</summary>
internal sealed class InstanceContext : IAsyncDisposable
{
    /// <summary>How often a condition is looked at that the server does not announce.</summary>
    public static readonly TimeSpan Step = TimeSpan.FromMilliseconds(3);

    private readonly SemaphoreSlim _action = new(1);
    private readonly Lock _settings = new();

    public InstanceContext(InstanceSettings settings)
    {
        Settings = settings;
        Processes = new ServerProcesses(settings.DataDirectory, settings.Account.Uid);
        Files = new ServerFiles(settings);
        Observer = new InstanceObserver(settings, Processes);
        Commands = new CommandConnection(ConnectionText.Local(settings));
    }

    public InstanceSettings Settings { get; private set; }

    public ServerProcesses Processes { get; }

    public ServerFiles Files { get; private set; }

    public InstanceObserver Observer { get; }

    public CommandConnection Commands { get; }

    public void Adopt(InstanceSettings settings) => Change(_ => settings);

    /// <summary>A start is prepared beside the loop, which may adopt other settings at the same moment.</summary>
    public void Change(Func<InstanceSettings, InstanceSettings> change)
    {
        lock (_settings)
        {
            Settings = change(Settings);
            Files = new ServerFiles(Settings);
            Observer.Adopt(Settings);
        }
    }

    /// <summary>Where the primary of the other region was last found.</summary>
    public RegionServer? RegionAt { get; set; }

    public MemberSpec? Other(MemberName name) => name == Region.Upstream && RegionAt is { } at
        ? new MemberSpec(name, at.Host, at.Port, "", 0)
        : Settings.Others.FirstOrDefault(member => member.Name == name);

    /// <summary>One action at a time; what the file system refuses is a problem, not an exception.</summary>
    public async Task<Outcome> ActAsync(string what, Func<Task<Outcome>> action, CancellationToken cancellation)
    {
        await _action.WaitAsync(cancellation);
        try
        {
            return await action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Outcome.Failed(Problems.Files(what, e.Message));
        }
        finally
        {
            _action.Release();
        }
    }

    /// <summary>Waits until the condition holds, looking again after each step; false when time is up.</summary>
    public static async Task<bool> UntilAsync(
        Func<Task<bool>> condition, TimeSpan limit, CancellationToken cancellation)
    {
        var deadline = BootClock.Now() + limit;
        while (!await condition())
        {
            if (BootClock.Now() >= deadline)
                return false;
            await Task.Delay(Step, cancellation);
        }
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        await Commands.DisposeAsync();
        await Observer.DisposeAsync();
        _action.Dispose();
    }
}
