using PgMahout.Core.Tuning;
using Xunit;

namespace PgMahout.Tests.Tuning;

public sealed class StorageEvidenceTests
{
    [Theory]
    [InlineData("sda", true, 4.0, 12.0, StorageType.Hdd)]
    [InlineData("sda", true, 0.1, 9.0, StorageType.Hdd)]
    [InlineData("vda", true, 0.1, 2.7, StorageType.Ssd)]
    [InlineData("vda", true, null, null, StorageType.Hdd)]
    [InlineData("sdb", false, 0.1, 1.0, StorageType.Ssd)]
    [InlineData("nvme0n1", false, 0.08, 0.05, StorageType.Nvme)]
    [InlineData("nvme1n1", false, 0.7, 1.5, StorageType.San)]
    [InlineData(null, null, 0.1, 1.0, StorageType.Ssd)]
    [InlineData(null, null, 5.0, 15.0, StorageType.Hdd)]
    [InlineData(null, null, null, null, StorageType.Ssd)]
    public void What_was_measured_decides_where_the_name_does_not(
        string? device, bool? rotational, double? readMs, double? flushMs, StorageType expected)
    {
        var evidence = new StorageEvidence(device, rotational, Span(readMs), Span(flushMs));

        var (type, why) = evidence.Verdict;

        Assert.Equal(expected, type);
        Assert.NotEmpty(why);
    }

    private static TimeSpan? Span(double? milliseconds) =>
        milliseconds is { } known ? TimeSpan.FromMilliseconds(known) : null;
}
