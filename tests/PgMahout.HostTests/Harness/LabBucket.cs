using PgMahout.LiveTests.Harness;

namespace PgMahout.HostTests.Harness;

/// <summary>A bucket of an S3 server on this machine, which hosts of a lab reach by their network.</summary>
internal sealed class LabBucket : IAsyncDisposable
{
    private ObjectServer? _server;

    public ObjectServer Server => _server!;

    public int Port => new Uri(Server.Endpoint).Port;

    /// <summary>What cluster.yml says of it.</summary>
    public async Task<string> OpenAsync(Lab lab)
    {
        _server = await ObjectServer.StartAsync(lab.Network + ".1");
        return $$"""
            repository:
              address: {{ObjectServer.Address("orders")}}
              endpoint: {{_server.Endpoint}}
              credentials: {{_server.Credentials}}
              encrypted: yes
            """;
    }

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;
}
