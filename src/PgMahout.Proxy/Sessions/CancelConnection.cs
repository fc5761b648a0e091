using System.Collections.Immutable;
using PgMahout.Core.Protocol;
using PgMahout.Proxy.Engine;
using PgMahout.Proxy.Loop;

namespace PgMahout.Proxy.Sessions;

/// <summary>Asks a server to cancel what one of its sessions runs. The server closes it when it has done so.</summary>
internal sealed class CancelConnection(ProxyLoop loop, int descriptor, ServerConnection target)
    : ServerChannel(loop, descriptor, target.Pool.Backend)
{
    public ServerConnection Target { get; } = target;

    protected override bool WantsMore => true;

    protected override void Opened(ImmutableArray<byte> certificateHash) =>
        Write(new FrontendWriter().CancelRequest(Target.ProcessId, Target.SecretKey.AsSpan()).Written);

    protected override void Heard(Chunk chunk) => Loop.Pool.Return(chunk);

    protected override void Break(string why) => Close();

    protected override void Left(int error)
    {
        Loop.Cancels.Remove(this);
        Target.CancelsUnderWay--;
        if (!Target.IsClosed && Target.Stream.IsFree)
            Target.Free();
    }
}
