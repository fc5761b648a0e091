namespace PgMahout.Core.Wal.Decoding;

/// <summary>A block that a record changes, and where in the record's bytes the change is.</summary>
public struct BlockReference
{
    public byte Id { get; internal set; }
    public Fork Fork { get; internal set; }
    public RelationFile File { get; internal set; }
    public uint Block { get; internal set; }

    /// <summary>The block was made anew: what it held before does not matter.</summary>
    public bool Initializes { get; internal set; }

    public bool HasImage { get; internal set; }

    /// <summary>False where the image is only there to check replay by.</summary>
    public bool ImageApplies { get; internal set; }

    public bool ImageCompressed { get; internal set; }

    /// <summary>Offset of the image in the record's bytes.</summary>
    public int ImageAt { get; internal set; }

    /// <summary>As stored: without the hole, and compressed.</summary>
    public int ImageLength { get; internal set; }

    /// <summary>Where in the page zeros were left out.</summary>
    public int HoleOffset { get; internal set; }

    public int DataAt { get; internal set; }
    public int DataLength { get; internal set; }
}
