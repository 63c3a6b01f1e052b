using TinyWorker.Diagnostics;
using TinyWorker.Threading;

namespace TinyWorker.Futures;

/// <summary>
/// A fault at which nobody has looked. The future alone keeps it alive, by its failure. When the future is collected, it raises
/// <see cref="TaskScheduler.UnobservedTaskException"/>, and the troupe logs it; a troupe that ends logs it before.
/// </summary>
internal sealed class UnobservedFault
{
    private readonly Exception[] _exceptions;
    private readonly IFutureOwner? _owner;
    private readonly Task _task;   // of the framework: it raises the event when it is collected, together with this
    private int _isTold;           // set once, by whoever logs it, or by a look

    public UnobservedFault(Exception[] exceptions, IFutureOwner? owner)
    {
        _exceptions = exceptions;
        _owner = owner;
        var source = new TaskCompletionSource();
        source.SetException(exceptions);
        _task = source.Task;
        if (owner is null) GC.SuppressFinalize(this);   // nobody has a log for it
    }

    ~UnobservedFault() => Tell();

    /// <summary>Logs it, once.</summary>
    public void Tell()
    {
        if (Interlocked.Exchange(ref _isTold, 1) != 0 || _owner is not { } owner) return;
        Log.FaultUnobserved(owner.Logger, owner.Name, _exceptions.Length == 1 ? _exceptions[0] : new AggregateException(_exceptions));
    }

    /// <summary>Somebody has looked after all.</summary>
    public void TakeBack()
    {
        Volatile.Write(ref _isTold, 1);
#pragma warning disable CA1816 // There is no Dispose: the finalizer frees nothing, it tells what nobody has asked for.
        GC.SuppressFinalize(this);
#pragma warning restore CA1816
        _ = _task.Exception;   // the framework takes this for a look
        _owner?.Unobserved.Remove(this);
    }
}

/// <summary>
/// The faults of one troupe at which nobody has looked. It keeps none of them alive, and none that was looked at. Thread-safe.
/// </summary>
internal sealed class UnobservedFaults
{
    private WeakSet<UnobservedFault>? _faults;   // made with the first

    public void Add(UnobservedFault fault) => LazyInitializer.EnsureInitialized(ref _faults, static () => []).Add(fault);

    public void Remove(UnobservedFault fault) => Volatile.Read(ref _faults)?.Remove(fault);

    /// <summary>Logs each, unless it was logged before. To be called when the troupe has ended.</summary>
    public void TellAll()
    {
        if (Volatile.Read(ref _faults) is not { } faults) return;
        foreach (var fault in faults)
        {
            fault.Tell();
            faults.Remove(fault);
        }
    }
}
