namespace TinyWorker.RabbitMQ;

#pragma warning disable CA1032 // Made by the library alone.

/// <summary>
/// The broker gave the task up: its hosts died over it too often, or an operator's policy dropped it. It lies among the dead letters, where
/// <see cref="RabbitDeadLetters"/> shows it.
/// </summary>
public sealed class TaskDeadLetteredException : TroupeException
{
    internal TaskDeadLetteredException(string troupe, string taskId, int attempts, string reason)
        : base(
            troupe,
            $"The broker gave up task {taskId} of '{troupe}' after {attempts} {(attempts == 1 ? "attempt" : "attempts")} ({reason}): " +
            $"most likely it ends the process of whatever host runs it. It is kept in the queue 'tw.{troupe}.dead'. " +
            "Look at it with RabbitDeadLetters, and replay it when its cause is mended, or discard it.",
            null) => (TaskId, Attempts, Reason) = (taskId, attempts, reason);

    /// <summary>The id of the task.</summary>
    public string TaskId { get; }

    /// <summary>How often it was delivered to a host.</summary>
    public int Attempts { get; }

    /// <summary>The reason that the broker gives, for example <c>delivery_limit</c>.</summary>
    public string Reason { get; }
}

/// <summary>
/// No broker could be reached for longer than <see cref="RabbitTroupeOptions.BrokerLostAfter"/>. The troupe goes on trying. A task that was
/// stored before may still run.
/// </summary>
public sealed class BrokerUnavailableException : TroupeException
{
    internal BrokerUnavailableException(string troupe, RabbitBroker broker, TimeSpan lostFor, Exception? cause)
        : base(
            troupe,
            $"No broker for '{troupe}' could be reached at {broker} for {lostFor.TotalSeconds:0.#} s" +
            (cause is null ? ". " : $": {cause.Message.TrimEnd('.')}. ") +
            "Look whether it runs and whether the address is right. The troupe goes on trying; a longer outage can be waited out with a " +
            "higher BrokerLostAfter.",
            cause) => LostFor = lostFor;

    internal BrokerUnavailableException(BrokerUnavailableException same)
        : base(same.Troupe, same.Message, same.InnerException) => LostFor = same.LostFor;

    /// <summary>For how long.</summary>
    public TimeSpan LostFor { get; }
}

/// <summary>The submitter and the host disagree about what the tasks of the troupe are: other types, or another version.</summary>
public sealed class ContractMismatchException : TroupeException
{
    internal ContractMismatchException(string troupe, string submitter, string host)
        : base(
            troupe,
            $"A host of '{troupe}' refused the task: the submitter's contract is \"{submitter}\", the host's is \"{host}\". " +
            "Deploy the same contract on both sides. A contract that changes takes a new name for the troupe, so that old and new tasks " +
            "do not mix.",
            null) => (Submitter, Host) = (submitter, host);

    /// <summary>The contract of the submitter.</summary>
    public string Submitter { get; }

    /// <summary>The contract of the host.</summary>
    public string Host { get; }
}

/// <summary>
/// The broker refuses for a reason that no waiting mends: a missing virtual host, a wrong password, a missing permission, a queue of another
/// kind. The connection is not tried again.
/// </summary>
public sealed class RabbitTopologyException : TroupeException
{
    internal RabbitTopologyException(string troupe, string message, Exception? cause)
        : base(troupe, message, cause)
    {
    }
}

/// <summary>Copies of exceptions.</summary>
internal static class OutageExtensions
{
    /// <summary>The same, for one task alone: to throw an exception changes it.</summary>
    public static TroupeException ForOneTask(this TroupeException outage) => outage switch
    {
        BrokerUnavailableException unavailable => new BrokerUnavailableException(unavailable),
        _ => new RabbitTopologyException(outage.Troupe, outage.Message, outage.InnerException),
    };
}
