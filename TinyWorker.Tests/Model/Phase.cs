namespace TinyWorker.Tests.Model;

/// <summary>Where a future is in its life: before it is there, and its status from then on.</summary>
internal enum Phase
{
    /// <summary>Its submitter waits for a place.</summary>
    Queued,

    /// <summary>Its submitter was told that the troupe is stopped.</summary>
    Refused,

    /// <summary>Its submitter's wait was cancelled.</summary>
    Withdrawn,

    Pending,
    Running,
    Succeeded,
    Faulted,
    Canceled,
}
