using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;

namespace TinyWorker.Futures;

/// <summary>
/// Why a future has no result: an exception with the stack trace that it had when it was caught. One failure is shared by every
/// future that it travels to, so each of them throws the same exception object, and its stack trace, restored from the one
/// capture at every throw, neither is lost nor grows.
/// </summary>
internal sealed class Failure
{
    private readonly ExceptionDispatchInfo _captured;

    private Failure(Exception exception, bool isCancellation)
    {
        _captured = ExceptionDispatchInfo.Capture(exception);
        IsCancellation = isCancellation;
    }

    public Exception Exception => _captured.SourceException;

    /// <summary>A cancelled future and a faulted one differ by this alone: a worker may fault with an OperationCanceledException.</summary>
    public bool IsCancellation { get; }

    public static Failure Fault(Exception exception) => new(exception, isCancellation: false);

    public static Failure Cancellation(string message) => new(new OperationCanceledException(message), isCancellation: true);

    public static Failure Cancellation(OperationCanceledException exception) => new(exception, isCancellation: true);

    [DoesNotReturn]
    public void Throw() => _captured.Throw();
}
