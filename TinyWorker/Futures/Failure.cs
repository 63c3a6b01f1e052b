using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;

namespace TinyWorker.Futures;

/// <summary>
/// Why a future has no result: an exception with the stack trace that it had when it was caught. Every future that the failure reaches
/// shares the capture, so all of them throw the same exception object. Each throw restores the stack trace from the one capture: so the
/// trace is not lost and does not grow.
/// </summary>
/// <remarks>
/// A future that has ended holds a failure of its own (<see cref="ForOneFuture"/>), which knows whether anybody has looked at it. _look
/// begins as null. Whoever looks sets it to LookedAt, for good. If nobody has by the time the continuations of the future were told,
/// <see cref="NoteUnobserved"/> swaps in an <see cref="UnobservedFault"/>. Both steps are atomic, so a look always finds the
/// unobserved fault and takes it back, or comes first and there is none.
/// </remarks>
internal sealed class Failure
{
    private static readonly object LookedAt = new();

    private readonly ExceptionDispatchInfo _captured;
    private readonly Exception[] _others;   // faults that end here, too, and are told with this one if nobody looks
    private object? _look;                  // null, the UnobservedFault, or LookedAt

    private Failure(ExceptionDispatchInfo captured, bool isCancellation, Exception[] others)
    {
        _captured = captured;
        IsCancellation = isCancellation;
        _others = others;
    }

    public Exception Exception => _captured.SourceException;

    /// <summary>Whether the future is cancelled, not faulted. The exception does not tell: a task may fault with an
    /// OperationCanceledException.</summary>
    public bool IsCancellation { get; }

    public TinyFutureStatus Status => IsCancellation ? TinyFutureStatus.Canceled : TinyFutureStatus.Faulted;

    /// <summary>What is told if nobody looks.</summary>
    public IEnumerable<Exception> Faults => IsCancellation ? _others : [Exception, .. _others];

    /// <summary>Whether a look at it matters.</summary>
    public bool IsFault => !IsCancellation || _others.Length > 0;

    public static Failure Fault(Exception exception) => new(ExceptionDispatchInfo.Capture(exception), isCancellation: false, []);

    public static Failure Cancellation(string message) => Cancellation(new OperationCanceledException(message));

    public static Failure Cancellation(OperationCanceledException exception) =>
        new(ExceptionDispatchInfo.Capture(exception), isCancellation: true, []);

    /// <summary>The same failure, at which nobody has looked.</summary>
    public Failure ForOneFuture() => IsFault ? new(_captured, IsCancellation, _others) : this;

    /// <summary>The same failure; others end with it.</summary>
    public Failure With(IEnumerable<Exception> faults)
    {
        // By reference: what an exception calls equal is user code.
        var others = faults.Where(fault => IsCancellation || fault != Exception).Distinct(ReferenceEqualityComparer.Instance);
        Exception[] distinct = [.. others.Cast<Exception>()];
        return distinct.Length == 0 ? this : new(_captured, IsCancellation, distinct);
    }

    /// <summary>Somebody has the exception now, or takes the failure over.</summary>
    public void Look()
    {
        if (IsFault && Volatile.Read(ref _look) != LookedAt) (Interlocked.Exchange(ref _look, LookedAt) as UnobservedFault)?.TakeBack();
    }

    /// <summary>The continuations of its future were told, and none has looked.</summary>
    /// <param name="owner">The troupe that logs the fault, if there is one.</param>
    public void NoteUnobserved(IFutureOwner? owner)
    {
        if (!IsFault || Volatile.Read(ref _look) is not null) return;
        var fault = new UnobservedFault([.. Faults], owner);
        if (Interlocked.CompareExchange(ref _look, fault, null) is null) owner?.Unobserved.Add(fault);
        else fault.TakeBack();
    }

    [DoesNotReturn]
    public void Throw() => _captured.Throw();
}
