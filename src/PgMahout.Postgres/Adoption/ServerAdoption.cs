using System.Net.Sockets;
using Npgsql;
using PgMahout.Core.Protocol;
using PgMahout.Postgres.Files;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Instance;
using PgMahout.Postgres.Observation;

namespace PgMahout.Postgres.Adoption;

/// <summary>A server that runs, was started by somebody else, and is to become a member as it is.</summary>
/// <param name="Data">Absolute, without symbolic links.</param>
/// <param name="SocketDirectory">Where it answers this process as superuser.</param>
/// <param name="Originals">A directory for what is replaced, as it was.</param>
public sealed record RunningServer(string Data, string SocketDirectory, int Port, string Originals)
{
    public required bool IsStandby { get; init; }

    /// <summary>The superuser's password is the cluster's already, or nothing is done.</summary>
    public required bool KeepsPassword { get; init; }
}

/// <summary>
/// Prepares the files and roles of a running server. It goes on as it is: nothing is reloaded, and whatever is loaded
/// later by somebody else says the same as before. Every step can be repeated.
/// </summary>
public sealed class ServerAdoption(RunningServer server, ClusterSecrets secrets, ServerAccount account)
{
    private const string Auto = "postgresql.auto.conf";
    private const string Identities = "pg_ident.conf";

    /// <returns>How its clients reach it.</returns>
    public async Task<Outcome<FormerReach>> PrepareAsync(CancellationToken cancellation)
    {
        try
        {
            await using var connection = new NpgsqlConnection(
                ConnectionText.Running(server.SocketDirectory, server.Port, secrets));
            await connection.OpenAsync(cancellation);
            if (!server.IsStandby && await RolesAsync(connection, cancellation) is { } problem)
                return new Outcome<FormerReach>.Failed(problem);
            await FilesAsync(connection, cancellation);
            return new Outcome<FormerReach>.Done(new FormerReach(
                [.. await ListAsync(connection, "listen_addresses", cancellation)],
                [.. await ListAsync(connection, "unix_socket_directories", cancellation)]));
        }
        catch (Exception e) when (e is NpgsqlException or SocketException)
        {
            return new Outcome<FormerReach>.Failed(Problems.Query("preparing the running server", e.Message));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Outcome<FormerReach>.Failed(Problems.Files("preparing the running server", e.Message));
        }
    }

    private async Task<Problem?> RolesAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        const string Superuser = InstanceSettings.Superuser;
        const string Replication = InstanceSettings.ReplicationRole;
        var kept = await connection.ScalarAsync<string>(
            $"SELECT rolpassword FROM pg_authid WHERE rolname = '{Superuser}'", cancellation);
        var isOurs = kept is not null && PasswordVerifier.IsOf(kept, secrets.SuperuserPassword, Superuser);
        if (server.KeepsPassword && kept is not null && !isOurs)
            return new Problem(
                "adopted-password-differs",
                $"the password of the role {Superuser} is not the one in the cluster's secrets",
                "the server keeps something else of it",
                "nothing was changed in this server",
                "write the present password into CLUSTER.secrets/superuser.password beside cluster.yml");
        // What the rules of access ask for is SCRAM, which an old MD5 does not answer.
        var set = isOurs && !PasswordVerifier.IsOld(kept!)
            ? ""
            : $"ALTER ROLE {Superuser} PASSWORD {Statements.Literal(secrets.SuperuserPassword)};";
        await connection.ExecuteAsync(
            $"""
            SET password_encryption = 'scram-sha-256';
            {set}
            DO $$ BEGIN
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{Replication}')
                THEN CREATE ROLE {Replication}; END IF;
            END $$;
            ALTER ROLE {Replication} LOGIN REPLICATION PASSWORD {Statements.Literal(secrets.ReplicationPassword)};
            """, cancellation);
        return null;
    }

    private async Task FilesAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var config = await SettingAsync(connection, "config_file", cancellation);
        var rules = await SettingAsync(connection, "hba_file", cancellation);
        var identities = await SettingAsync(connection, "ident_file", cancellation);
        var lines = await LinesAsync(connection, cancellation);
        foreach (var file in new[] { config, rules, identities, InData(Auto) })
            Keep(file);
        // Before the files that name them.
        if (!File.Exists(InData(MemberPaths.FormerAuthentication)))
            Write(MemberPaths.FormerAuthentication, await File.ReadAllTextAsync(rules, cancellation));
        if (identities != InData(Identities) && !File.Exists(InData(Identities)))
            Write(Identities, AtomicFile.ReadIfPresent(identities) ?? "");
        // Empty until the agent fills them: whoever loads the files before loads what was there.
        foreach (var included in new[] { MemberPaths.Defaults, MemberPaths.Configuration })
            if (!File.Exists(InData(included)))
                Write(included, "");
        if (!FormerFiles.IsAdopted(AtomicFile.ReadIfPresent(InData(FormerFiles.MainConfiguration))))
            Write(
                FormerFiles.MainConfiguration,
                new FormerFiles(server.Data, config, [.. lines.Where(line => line.File != InData(Auto))])
                    .Adopted(await File.ReadAllTextAsync(config, cancellation)));
        // What is there by ALTER SYSTEM would win over what the cluster rules.
        foreach (var name in lines.Where(line => line.File == InData(Auto)).Select(line => line.Name).Distinct())
            if (ServerConfiguration.Reserved.Contains(name, StringComparer.OrdinalIgnoreCase))
                await connection.ExecuteAsync($"ALTER SYSTEM RESET {name}", cancellation);
    }

    private static async Task<List<FormerLine>> LinesAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        const string Lines =
            """
            SELECT sourcefile, name, setting FROM pg_file_settings
             WHERE sourcefile IS NOT NULL AND name IS NOT NULL AND setting IS NOT NULL ORDER BY seqno
            """;
        await using var command = new NpgsqlCommand(Lines, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var lines = new List<FormerLine>();
        while (await reader.ReadAsync(cancellation))
            lines.Add(new FormerLine(reader.GetString(0), reader.GetString(1), reader.GetString(2)));
        return lines;
    }

    private static async Task<string> SettingAsync(
        NpgsqlConnection connection, string name, CancellationToken cancellation) =>
        await connection.ScalarAsync<string>($"SELECT current_setting('{name}')", cancellation) ?? "";

    private static async Task<string[]> ListAsync(
        NpgsqlConnection connection, string name, CancellationToken cancellation) =>
        (await SettingAsync(connection, name, cancellation))
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The first time only: what stands there later is ours.</summary>
    private void Keep(string file)
    {
        var kept = Path.Combine(server.Originals, Path.GetFileName(file));
        if (!File.Exists(kept) && AtomicFile.ReadIfPresent(file) is { } text)
            AtomicFile.Write(kept, text, account);
    }

    private void Write(string name, string text) => AtomicFile.Write(InData(name), text, account);

    private string InData(string name) => Path.Combine(server.Data, name);
}
