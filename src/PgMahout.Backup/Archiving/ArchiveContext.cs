namespace PgMahout.Backup.Archiving;

/// <summary>What all parts of one archiver work with.</summary>
internal sealed record ArchiveContext(
    WalArchive Archive, ArchiverSettings Settings, ISegmentSink Sink, TimeProvider Time, ArchiveBoard Board)
{
    public PatientStore Store { get; } = new(Settings, Time, Board);
}
