using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using PgMahout.Agent.Loop;
using PgMahout.Core.Vocabulary;
using PgMahout.Agent.Home;

namespace PgMahout.Agent.Api;

/// <summary>
/// What an agent answers, on a unix socket that only its owner can open: its own report to peers, its account of
/// itself to people, and the few things that can be asked of one member.
/// </summary>
internal sealed class AgentApi(HomeLayout home, MemberName self, Observer observer, AgentState state, WakeSignal wake)
{
    private static readonly TimeSpan ReportLimit = TimeSpan.FromMilliseconds(500);

    /// <summary>Listens until disposed. A socket file that an earlier agent left is replaced.</summary>
    public async Task<WebApplication> StartAsync(CancellationToken cancellation)
    {
        var socket = home.ApiSocket(self);
        File.Delete(socket);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.ListenUnixSocket(socket);
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 64 * 1024;
        });
        builder.Services.AddRoutingCore();
        builder.Services.ConfigureHttpJsonOptions(
            json => json.SerializerOptions.TypeInfoResolver = WireContext.Default);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        var app = builder.Build();
        Map(app);
        await app.StartAsync(cancellation);
        File.SetUnixFileMode(socket, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return app;
    }

    private void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/report", async context => await WriteAsync(
            context,
            await observer.ReportAsync(ReportLimit, context.RequestAborted),
            WireContext.Default.MemberReport));
        app.MapGet("/status", async context => await WriteAsync(
            context,
            AgentAccount.Status(home, self, await observer.ReportAsync(ReportLimit, context.RequestAborted), state),
            WireContext.Default.AgentStatus));
        app.MapGet("/explain", context => WriteAsync(
            context, AgentAccount.Explain(self, state), WireContext.Default.AgentExplanation));
        app.MapPost("/wake", context =>
        {
            wake.Set();
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        });
        app.MapPost("/request", RequestAsync);
        app.MapPost("/promise", PromiseAsync);
    }

    private async Task RequestAsync(HttpContext context)
    {
        var json = WireContext.Default.RequestBody;
        if (await context.Request.ReadFromJsonAsync(json, context.RequestAborted) is not { } body)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }
        state.Memory.Request = body.Request;
        wake.Set();
        context.Response.StatusCode = StatusCodes.Status202Accepted;
    }

    private async Task PromiseAsync(HttpContext context)
    {
        var json = WireContext.Default.PromiseBody;
        if (await context.Request.ReadFromJsonAsync(json, context.RequestAborted) is not { } body)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }
        var ttl = state.Memory.View?.Timing.Ttl;
        var promised = ttl is { } span && state.Memory.TryPromise(body.Epoch, span, body.Written);
        var reason = promised ? null : "it knows a later reign, or is taking the lease";
        await WriteAsync(context, new PromiseAnswer(promised, reason), WireContext.Default.PromiseAnswer);
    }

    private static Task WriteAsync<T>(
        HttpContext context, T value, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) =>
        context.Response.WriteAsJsonAsync(value, type, cancellationToken: context.RequestAborted);
}
