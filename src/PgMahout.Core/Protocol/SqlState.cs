namespace PgMahout.Core.Protocol;

/// <summary>The codes of errors on which something here depends.</summary>
public static class SqlState
{
    public const string DuplicateObject = "42710";
    public const string InvalidParameterValue = "22023";
    public const string ObjectInUse = "55006";
    public const string ObjectNotInPrerequisiteState = "55000";
    public const string UndefinedFile = "58P01";
    public const string UndefinedObject = "42704";
}
