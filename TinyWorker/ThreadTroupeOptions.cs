namespace TinyWorker;

/// <summary>Each worker has a thread of its own: it is made, called and disposed there. For blocking code and for what has a thread affinity.</summary>
public sealed class ThreadTroupeOptions : TinyTroupeOptions
{
    /// <summary>The size of each thread's stack, in bytes.</summary>
    /// <value>Above zero; null, the default, for the process's own default.</value>
    public int? MaxStackSize { get; init; }

    /// <summary>The threads' priority.</summary>
    /// <value>By default <see cref="ThreadPriority.Normal"/>.</value>
    public ThreadPriority Priority { get; init; } = ThreadPriority.Normal;

    internal override void Validate(string options)
    {
        base.Validate(options);
        Check(options, MaxStackSize is null or > 0, nameof(MaxStackSize), MaxStackSize, "must be above zero; leave it null for the default");
        Check(options, Enum.IsDefined(Priority), nameof(Priority), Priority, "must be one of the ThreadPriority values");
    }
}
