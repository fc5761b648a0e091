using PgMahout.Postgres;

namespace PgMahout.Undo;

/// <summary>Why something could not be brought back, by stable code.</summary>
public static class UndoProblems
{
    public const string NoSpaceCode = "undo-no-space";
    public const string NoRoomCode = "undo-no-room";
    public const string UnsoundCode = "undo-unsound";

    public static Problem NoSpace(string why, string next) => new(
        NoSpaceCode, "there is not enough space for the side server", why, "nothing was changed", next);
}
