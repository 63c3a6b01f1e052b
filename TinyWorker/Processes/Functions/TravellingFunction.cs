using System.Diagnostics.CodeAnalysis;
using TinyWorker.Processes.Data;

namespace TinyWorker.Processes.Functions;

/// <summary>
/// A function or worker factory in the form in which it is sent to a child process that has the same assemblies: the identity of its
/// method, and its captured variables as data, as they were when it was described.
/// </summary>
[RequiresUnreferencedCode(Reflects)]
[RequiresDynamicCode(Reflects)]
internal sealed class TravellingFunction
{
    /// <summary>Why this needs a runtime that has all types and a compiler.</summary>
    public const string Reflects = DataReflection.Reason;

    /// <summary>Why the back-end may use reflection all the same.</summary>
    public const string WasWarned = "Whoever makes ProcessTroupeOptions is told that a trimmed program may lack what its functions need.";

    private TravellingFunction(string name, byte[] bytes)
    {
        Name = name;
        Bytes = bytes;
    }

    /// <summary>For people and logs: "a lambda in Program.Main".</summary>
    public string Name { get; }

    /// <summary>What <see cref="Rebuild"/> takes. Must not be changed.</summary>
    public byte[] Bytes { get; }

    /// <summary>Describes a function with its captured variables. The rebuilt function does not see later changes to them.</summary>
    /// <exception cref="ArgumentException">The function, or a value that it captures, cannot be sent; the message says which and
    /// why.</exception>
    public static TravellingFunction Describe(Delegate function, string parameterName)
    {
        ArgumentNullException.ThrowIfNull(function, parameterName);
        var name = SourceNames.Name(function.Method);
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
            // Not tested: it takes too much memory.
            throw Refused("what it captures is larger than 2 GB. Leave it in a file, and let the worker read it.", e);
        }

        ArgumentException Refused(string reason, Exception? cause) =>
            new($"The function ({name}) cannot go to another process: {reason}", parameterName, cause);
    }

    /// <summary>
    /// Makes the function again, as a delegate of its own type. It runs no code of the user's, except for what the types of captured values
    /// run when they are read from JSON.
    /// </summary>
    /// <exception cref="InvalidOperationException">This process has another build, or lacks an assembly; the message says
    /// which.</exception>
    public static Delegate Rebuild(byte[] bytes) => FunctionReader.Read(bytes);
}

/// <summary>Ends the description of a function, from any depth. It never leaves <see cref="TravellingFunction.Describe"/>.</summary>
#pragma warning disable CA1032 // Made by the description of functions alone.
internal sealed class CannotTravelException(string message, Exception? cause = null) : Exception(message, cause);
#pragma warning restore CA1032
