using System.Diagnostics.CodeAnalysis;

namespace TinyWorker.Backends.Processes.Functions;

/// <summary>
/// A function or worker factory in the form in which it goes to a child process that has loaded the very same assemblies: the identity
/// of its method, and its captured variables as data, as they were when it was described.
/// </summary>
[RequiresUnreferencedCode(Reflects)]
[RequiresDynamicCode(Reflects)]
internal sealed class TravellingFunction
{
    /// <summary>Why all of this needs a runtime that has every type and a compiler at hand.</summary>
    public const string Reflects = "A function goes to a worker process by reflection: its method and the variables that it captures.";

    private TravellingFunction(string name, byte[] bytes)
    {
        Name = name;
        Bytes = bytes;
    }

    /// <summary>For people and logs: "a lambda in Program.Main".</summary>
    public string Name { get; }

    /// <summary>What <see cref="Rebuild"/> takes. Not to be written to.</summary>
    public byte[] Bytes { get; }

    /// <summary>Reads the captured variables; later changes to them are not seen by the rebuilt function.</summary>
    /// <exception cref="ArgumentException">The function, or a value that it captures, cannot travel; the message says which and why.</exception>
    public static TravellingFunction Describe(Delegate function, string parameterName)
    {
        ArgumentNullException.ThrowIfNull(function, parameterName);
        var name = Readable.Name(function.Method);
        try
        {
            return new(name, FunctionWriter.Write(function, name));
        }
        catch (CannotTravelException e)
        {
            throw Refused(e.Message, e.InnerException);
        }
        catch (InsufficientExecutionStackException e)
        {
            throw Refused("it captures functions within functions, too deep to follow.", e);
        }
        catch (Exception e) when (e is OverflowException or IOException or OutOfMemoryException)
        {
            // No test has so much memory to spare.
            throw Refused("what it captures is larger than 2 GB. Leave it in a file, and let the worker read it.", e);
        }

        ArgumentException Refused(string reason, Exception? cause) =>
            new($"The function ({name}) cannot go to another process: {reason}", parameterName, cause);
    }

    /// <summary>The function again, as a delegate of its own type. Runs no code of the user's, but what their types run when they are read from JSON.</summary>
    /// <exception cref="InvalidOperationException">This process is of another build, or lacks an assembly; the message says which.</exception>
    public static Delegate Rebuild(byte[] bytes) => FunctionReader.Read(bytes);
}
