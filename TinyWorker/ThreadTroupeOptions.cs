namespace TinyWorker;

/// <summary>
/// Each worker has a thread of its own: it is made, called and disposed there. For blocking code and for what has a thread affinity.
/// </summary>
public sealed record ThreadTroupeOptions : TinyTroupeOptions
{
    internal const int LeastStackSize = 128 * 1024;   // the library's own code died at 40 KB, and ran at 48

    /// <summary>The size of each thread's stack, in bytes.</summary>
    /// <value>131,072 (128 KB) or more, since the library needs some of it; null, the default, for the process's own default.</value>
    public int? MaxStackSize { get; init; }

    /// <summary>The threads' priority.</summary>
    /// <value>By default <see cref="ThreadPriority.Normal"/>.</value>
    public ThreadPriority Priority { get; init; } = ThreadPriority.Normal;

    internal override void Validate(string options)
    {
        base.Validate(options);
        Check(
            options, MaxStackSize is null or >= LeastStackSize,
            nameof(MaxStackSize), MaxStackSize, "must be 131,072 bytes (128 KB) or more; leave it null for the default");
        Check(options, Enum.IsDefined(Priority), nameof(Priority), Priority, "must be one of the ThreadPriority values");
    }
}
