using PgMahout.Errors;
using PgMahout.Output;

namespace PgMahout.CommandLine;

/// <summary>Asks a person before something that cannot be undone. The plan has been printed by then.</summary>
internal static class Confirmation
{
    /// <summary>For the worst: the cluster's name is typed. Null when it was.</summary>
    public static Failure? TypeName(Screen screen, string name)
    {
        screen.Error.Write($"Type the cluster's name, {name}, to go on: ");
        return Console.ReadLine()?.Trim() == name
            ? null
            : new Failure(ErrorCatalogue.Declined, "the name was not typed");
    }

    /// <summary>Null when the user agreed, now or beforehand.</summary>
    public static Failure? TypeNameUnlessAgreed(Invocation invocation, string name)
    {
        if (invocation.Yes)
            return null;
        return invocation.Screen.CanAsk
            ? TypeName(invocation.Screen, name)
            : new Failure(ErrorCatalogue.ConsentNeeded, "nobody is there to be asked").Try("... --yes");
    }

    /// <summary>A plain yes or no. Null when the user agreed, now or beforehand.</summary>
    public static Failure? YesUnlessAgreed(Invocation invocation, string question)
    {
        if (invocation.Yes)
            return null;
        if (!invocation.Screen.CanAsk)
            return new Failure(ErrorCatalogue.ConsentNeeded, "nobody is there to be asked").Try("... --yes");
        invocation.Screen.Error.Write($"{question} [y/N] ");
        return Console.ReadLine()?.Trim() is "y" or "Y" or "yes"
            ? null
            : new Failure(ErrorCatalogue.Declined, "it was not agreed to");
    }
}
