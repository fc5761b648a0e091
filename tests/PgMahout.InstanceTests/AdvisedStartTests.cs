using System.Diagnostics;
using PgMahout.Core.Tuning;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Probing;
using PgMahout.Tests.Tuning;
using Xunit;

namespace PgMahout.InstanceTests;

/// <summary>A real server of each version starts with whatever is advised for it.</summary>
public sealed class AdvisedStartTests
{
    private const int Machines = 200;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static TheoryData<int> Versions { get; } = new(14, 15, 16, 17, 18);

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_server_starts_with_the_advice_for_any_machine(int major)
    {
        var binaries = Binaries(major);
        var account = TestMember.Done(ServerAccount.Find());
        var features = await ServerProbe.FeaturesAsync(binaries, account, default);
        var mappable = new ByteSize(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 10 * 9);
        await using var server = TestMember.Done(await ScratchServer.CreateAsync(binaries, account, Limit, default));
        var watch = Stopwatch.StartNew();
        var (started, read) = (0, 0);

        foreach (var question in Questions.Generate(100 + (ulong)major, Machines, features))
        {
            var values = TuningPlan.For(TuningRules.Pgmahout, question).Values;
            // What this host cannot map, its kernel refuses to any server: there the program only reads the settings.
            if (MemoryText.Kilobytes(values["shared_buffers"]) * 1024 > mappable.Bytes)
            {
                Assert.Null(await ServerProbe.ComplaintAsync(binaries, account, values, default));
                read++;
                continue;
            }
            var start = await server.StartAsync(values.SetItem("fsync", "off"), Limit, default);
            Assert.True(start is ScratchStart.Ready, $"{question}: {start}");
            await server.StopAsync();
            started++;
        }

        var seconds = watch.Elapsed.TotalSeconds;
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"PostgreSQL {major}: {started} started, {read} read by postgres -C (too large here), {seconds:F0} s");
        Assert.InRange(started, Machines / 2, Machines);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task The_table_of_settings_says_what_the_server_says(int major)
    {
        var binaries = Binaries(major);
        var described = await DescribedAsync(binaries);

        foreach (var setting in ServerSettings.All.Where(setting => setting.IsIn(major)))
        {
            var own = described[setting.Name];
            Assert.Equal(setting.Effect == Effect.Restart, own[1] == "postmaster");
            var bounds = setting.Range switch
            {
                SettingRange.Whole range => (range.Minimum, range.Maximum),
                SettingRange.Memory range => (range.Minimum, range.Maximum),
                _ => ((long, long)?)null,
            };
            if (bounds is var (least, most))
                Assert.Equal((setting.Name, $"{least}", $"{most}"), (setting.Name, own[5], own[6]));
        }
        Assert.All(
            ServerSettings.All.Where(setting => !setting.IsIn(major)
                && ServerSettings.Find(setting.Name, major) is null),
            missing => Assert.DoesNotContain(missing.Name, described.Keys));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_value_that_the_build_lacks_is_found_before_a_server_meets_it(int major)
    {
        var binaries = Binaries(major);
        var account = TestMember.Done(ServerAccount.Find());
        var values = TuningPlan.ForMembers(1, new Machine(ByteSize.Gigabytes(4), 2, StorageType.Ssd), WorkloadType.Oltp)
            .Values;

        Assert.Null(await ServerProbe.ComplaintAsync(binaries, account, values, default));
        var complaint = await ServerProbe.ComplaintAsync(
            binaries, account, values.SetItem("wal_compression", "brotli"), default);
        Assert.Contains("wal_compression", complaint, StringComparison.Ordinal);
    }

    private static PostgresBinaries Binaries(int major)
    {
        var fetched = Path.Combine(Artifacts(), "postgres", $"{major}", "bin");
        string[] places = [fetched, $"/usr/lib/postgresql/{major}/bin"];
        var place = places.FirstOrDefault(directory => File.Exists(Path.Combine(directory, "postgres")));
        Assert.SkipWhen(
            place is null, $"there is no PostgreSQL {major} here: scripts/fetch-postgres-versions says why not");
        return new PostgresBinaries(place, major, $"{major}");
    }

    private static string Artifacts()
    {
        var at = AppContext.BaseDirectory;
        while (Path.GetFileName(at) != "artifacts" && Path.GetDirectoryName(at) is { } above)
            at = above;
        return at;
    }

    /// <summary>By name: name, context, group, type, default, least, most.</summary>
    private static async Task<Dictionary<string, string[]>> DescribedAsync(PostgresBinaries binaries)
    {
        var command = new ProcessStartInfo("setpriv") { RedirectStandardOutput = true };
        foreach (var argument in (string[])["--reuid=postgres", "--regid=postgres", "--init-groups"])
            if (Environment.IsPrivilegedProcess)
                command.ArgumentList.Add(argument);
        command.ArgumentList.Add(binaries.Tool("postgres"));
        command.ArgumentList.Add("--describe-config");
        using var process = Process.Start(command)!;
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('\t'))
            .ToDictionary(fields => fields[0]);
    }
}
