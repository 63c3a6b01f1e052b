namespace TinyWorker;

/// <summary>
/// An exception from a worker elsewhere (in a worker process, or on another machine) whose own type cannot be rebuilt in this process: the
/// type has no constructor for that, or is not found here. It keeps the message, the inner exceptions and the stack trace;
/// <see cref="Exception.ToString"/> shows the remote stack trace.
/// </summary>
#pragma warning disable CA1032 // Made by the library alone.
public sealed class RemoteWorkerException : TroupeException
#pragma warning restore CA1032
{
    internal const string WorkerProcess = "A worker process";

    internal RemoteWorkerException(
        string troupe, string remoteTypeName, string? remoteStackTrace, string message, Exception? innerException)
        : base(troupe, message, innerException)
    {
        RemoteTypeName = remoteTypeName;
        RemoteStackTrace = remoteStackTrace;
    }

    /// <summary>The full name of the exception's type.</summary>
    public string RemoteTypeName { get; }

    /// <summary>Where it was thrown, at the worker.</summary>
    /// <value>Null if it never was.</value>
    public string? RemoteStackTrace { get; }

    internal static RemoteWorkerException For(
        string troupe, string remoteTypeName, string? remoteStackTrace, string remoteMessage, Exception? innerException,
        string worker = WorkerProcess) => new(
        troupe,
        remoteTypeName,
        remoteStackTrace,
        $"{worker} of '{troupe}' threw {remoteTypeName}: {remoteMessage} (It cannot be rebuilt here. " +
        "A public constructor that takes the message and the inner exception would let it keep its type.)",
        innerException);
}
