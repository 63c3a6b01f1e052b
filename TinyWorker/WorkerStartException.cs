using TinyWorker.Diagnostics;

namespace TinyWorker;

/// <summary>
/// A worker could not be made: its factory, its constructor or its <c>StartAsync</c> threw, or the factory returned null. The cause is the
/// <see cref="Exception.InnerException"/>. If that was at the start of the troupe, the troupe is broken: every task that waits or is
/// submitted later faults with this exception. If the troupe has lived, tasks fault with it only while no worker lives, for longer than
/// <see cref="TinyTroupeOptions.StartPatience"/>; the troupe goes on trying.
/// </summary>
#pragma warning disable CA1032 // Made by the library alone.
public sealed class WorkerStartException : TroupeException
#pragma warning restore CA1032
{
    /// <summary>The key in <see cref="Exception.Data"/> of a cause: which code of the user threw it, if not that of the worker.</summary>
    private const string Thrower = "TinyWorker.ThrownBy";

    internal WorkerStartException(WorkerInfo worker, int tries, Exception cause)
        : this(
            worker, tries, cause,
            NotMade(worker, tries, cause) +
            "The troupe takes no more work; " + Advice(cause))
    {
    }

    private WorkerStartException(WorkerInfo worker, int tries, Exception? cause, string message)
        : base(worker.Troupe, message, cause)
    {
        Worker = worker;
        Tries = tries;
    }

    /// <summary>Which worker.</summary>
    public WorkerInfo Worker { get; }

    /// <summary>How often it was tried; 0 if the first try is still under way.</summary>
    public int Tries { get; }

    /// <summary>Calls code of the user that is not the worker's own, but without which no worker can be made.</summary>
    /// <param name="name">What an error is to name.</param>
    /// <param name="call">The code.</param>
    internal static T Naming<T>(string name, Func<T> call)
    {
        try
        {
            return call();
        }
        catch (Exception e)
        {
            Name(e);
            throw;
        }

        void Name(Exception thrown)
        {
            try
            {
                thrown.Data[Thrower] = name;
            }
            catch (Exception)
            {
                // A type may override Data, and give a read-only one or none.
            }
        }
    }

    /// <summary>A worker could not be made yet, in a troupe that has lived.</summary>
    internal static WorkerStartException OfReplacement(WorkerInfo worker, int tries, Exception cause) =>
        new(worker, tries, cause, NotMade(worker, tries, cause) + "The troupe tries again, with growing pauses.");

    /// <summary>No worker of the troupe lives, and tasks have waited long enough.</summary>
    internal static WorkerStartException OfTroupe(string troupe, WorkerInfo worker, TimeSpan patience, WorkerStartException? last) => new(
        last?.Worker ?? worker, last?.Tries ?? 0, last?.InnerException,
        $"No worker of '{troupe}' lives, and none could be made within the StartPatience of {patience}. The troupe goes on trying; until " +
        $"then every task faults. {(last is null ? "The first try is still under way." : "Last: " + last.Message)}");

    private static string? ThrowerOf(Exception cause)
    {
        try
        {
            return cause.Data?[Thrower] as string;
        }
        catch (Exception)
        {
            return null;   // as above
        }
    }

    private static string NotMade(WorkerInfo worker, int tries, Exception cause) =>
        $"Worker {worker.Index} of '{worker.Troupe}' could not be made ({(tries == 1 ? "1 try" : $"{tries} tries")}): " +
        $"{(ThrowerOf(cause) is { } thrower ? thrower + " threw " : "")}{cause.GetType().Name}: {Wording.Sentence(NestedText.MessageOf(cause))} ";

    // An error of the library itself, such as that of a process that could not be started, says what to do.
    private static string Advice(Exception cause) => ThrowerOf(cause) is { } thrower
        ? $"mend {thrower} and make a new troupe."
        : cause.GetType().Assembly == typeof(WorkerStartException).Assembly
            ? "when that is mended, make a new troupe."
            : "mend the worker's factory, constructor or StartAsync and make a new troupe.";
}
