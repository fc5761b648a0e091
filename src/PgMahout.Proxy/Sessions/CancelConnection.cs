using PgMahout.Core.Protocol;
using PgMahout.Proxy.Engine;
using PgMahout.Proxy.Loop;

namespace PgMahout.Proxy.Sessions;

/// <summary>Asks a server to cancel what one of its sessions runs. The server closes it when it has done so.</summary>
internal sealed class CancelConnection(ProxyLoop loop, int descriptor, ServerConnection target)
    : Channel(loop, descriptor)
{
    protected override bool WantsMore => true;

    public override void Connected(int error)
    {
        if (error != 0)
        {
            Close(error);
            return;
        }
        Write(new FrontendWriter().CancelRequest(target.ProcessId, target.SecretKey.AsSpan()).Written);
        Rearm();
    }

    protected override void Arrived(Chunk chunk) => Loop.Pool.Return(chunk);

    protected override void Break(string why) => Close();

    protected override void Left(int error)
    {
        Loop.Cancels.Remove(this);
        target.CancelsUnderWay--;
        if (!target.IsClosed && target.Stream.IsFree)
            target.Free();
    }
}
