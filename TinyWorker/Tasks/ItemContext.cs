using System.Diagnostics;

namespace TinyWorker.Tasks;

/// <summary>What some items keep besides their input: the activity, and the registration on the submitter's token.</summary>
/// <remarks>
/// <see cref="Hold"/> and <see cref="Release"/> are called once each, by different threads and in any order. They meet in _state, without a
/// lock: the second of the two removes the registration.
/// </remarks>
internal class ItemContext(Activity? activity)
{
    private const int Empty = 0;
    private const int Held = 1;
    private const int Released = 2;

    private CancellationTokenRegistration _registration;   // set before _state is Held
    private int _state;

    /// <summary>How often it was tried before: written by the worker loop that has the task. Stays at the most that it can hold.</summary>
    public ushort Attempts { get; set; }

    /// <summary>How often it lost a worker that had read nothing of it.</summary>
    public byte Excuses { get; set; }

    /// <summary>Whether a worker had it before.</summary>
    public bool HasRun { get; set; }

    public Activity? Activity { get; protected set; } = activity;

    /// <summary>The submitter's execution context, if the task is to run in it.</summary>
    public virtual ExecutionContext? Flow => null;

    /// <summary>What the task asked for; null if it asked for nothing.</summary>
    public virtual SubmitTerms? Terms => null;

    /// <summary>The deadline of the task; null if it has none.</summary>
    public virtual TaskDeadline? Deadline => null;

    /// <summary>Keeps the registration until the task has ended.</summary>
    public void Hold(CancellationTokenRegistration registration)
    {
        _registration = registration;
        if (Interlocked.CompareExchange(ref _state, Held, Empty) != Empty) Unregister();
    }

    /// <summary>The task has ended.</summary>
    public virtual void Release()
    {
        Activity = null;
        if (Interlocked.Exchange(ref _state, Released) == Held) Unregister();
    }

    private void Unregister()
    {
        _registration.Unregister();   // never waits: the callback under way may be the one that ends the task
        _registration = default;
    }
}

/// <summary>What an item keeps that asked for something, or runs in its submitter's execution context.</summary>
internal sealed class FullItemContext(Activity? activity, ExecutionContext? flow, SubmitTerms? terms, TaskDeadline? deadline)
    : ItemContext(activity)
{
    private ExecutionContext? _flow = flow;   // until the task has ended

    public override SubmitTerms? Terms => terms;

    public override TaskDeadline? Deadline => deadline;

    public override ExecutionContext? Flow => _flow;

    public override void Release()
    {
        _flow = null;
        deadline?.End();
        base.Release();
    }
}
