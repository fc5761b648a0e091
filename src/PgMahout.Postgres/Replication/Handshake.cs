using System.Security.Authentication;
using System.Security.Cryptography;
using PgMahout.Core.Protocol;

namespace PgMahout.Postgres.Replication;

/// <summary>Begins a session: who, what for, and the proof of it.</summary>
internal sealed class Handshake(ReplicationTarget target, Transport transport, MessageStream messages)
{
    private readonly FrontendWriter _writer = new();
    private ScramExchange? _scram;
    private bool _serverProven;

    /// <summary>What the server told of its settings, by name: server_version, in_hot_standby, …</summary>
    public Dictionary<string, string> Parameters { get; } = [];

    public void Run()
    {
        transport.Send(_writer.Clear().Startup(
        [
            new("user", target.User),
            new("replication", "true"),
            new("application_name", target.ApplicationName),
            new("client_encoding", "UTF8"),
        ]).Written);
        while (true)
        {
            var body = messages.Next(out var type);
            switch (type)
            {
                case BackendType.Authentication:
                    Answer(AuthenticationRequest.Read(body));
                    break;
                case BackendType.ParameterStatus:
                    var reader = new MessageReader(body);
                    Parameters[reader.Text()] = reader.Text();
                    break;
                case BackendType.ErrorResponse:
                    throw new ServerErrorException(ServerError.Read(body));
                case BackendType.ReadyForQuery:
                    return;
                case BackendType.NegotiateProtocolVersion or BackendType.BackendKeyData or BackendType.NoticeResponse:
                    break;
                default:
                    throw new ProtocolException($"a message of type {type} while the session begins");
            }
        }
    }

    private void Answer(AuthenticationRequest request)
    {
        switch (request)
        {
            case AuthenticationRequest.Accepted:
                // Whoever skips the last step of SCRAM has not shown that it is the server.
                if (_scram is not null && !_serverProven)
                    throw new AuthenticationException("the server did not prove that it knows the password");
                return;
            case AuthenticationRequest.Cleartext:
                Send(_writer.Clear().Password(Password));
                return;
            case AuthenticationRequest.Md5 md5:
                Send(_writer.Clear().Password(Md5Answer.For(target.User, Password, md5.Salt)));
                return;
            case AuthenticationRequest.Sasl sasl when sasl.Mechanisms.Contains(ScramExchange.Mechanism):
                _scram = new ScramExchange(Password, Convert.ToBase64String(RandomNumberGenerator.GetBytes(18)));
                Send(_writer.Clear().SaslInitial(ScramExchange.Mechanism, _scram.First));
                return;
            case AuthenticationRequest.SaslContinue next when _scram?.Answer(next.Message) is { } answer:
                Send(_writer.Clear().SaslResponse(answer));
                return;
            case AuthenticationRequest.SaslFinal final when _scram?.Verifies(final.Message) == true:
                _serverProven = true;
                return;
            case AuthenticationRequest.SaslContinue or AuthenticationRequest.SaslFinal:
                throw new AuthenticationException("the server's part of SCRAM-SHA-256 is wrong");
            case AuthenticationRequest.Sasl or AuthenticationRequest.Other:
                throw new AuthenticationException($"the server wants {request}, which is not supported");
        }
    }

    private string Password =>
        target.Password ?? throw new AuthenticationException("the server asks for a password, and there is none");

    private void Send(FrontendWriter writer) => transport.Send(writer.Written);
}
