namespace TinyWorker.Diagnostics;

/// <summary>Mistakes that the core does not make, unless a test of the scheduler asks for one; see <see cref="Schedule.IsPlanted"/>.</summary>
internal enum PlantedBug
{
    None,

    /// <summary>A submitter queues at the gate without looking again whether there is room meanwhile.</summary>
    LostWakeUp,

    /// <summary>A dependent that comes to its input just as that completes is not told.</summary>
    ForgottenDependent,

    /// <summary>The gate takes a place for who queues before it looks whether anybody still does.</summary>
    KeptSlot,
}
