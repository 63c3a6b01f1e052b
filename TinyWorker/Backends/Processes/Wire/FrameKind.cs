namespace TinyWorker.Backends.Processes.Wire;

/// <summary>What a frame says. Those with the highest bit go from the worker process to its parent, the others to it.</summary>
internal enum FrameKind : byte
{
    /// <summary>The worker's description: what to make and how.</summary>
    Start = 0x01,

    /// <summary>A task's input.</summary>
    Call = 0x02,

    /// <summary>Signal the token of the task of this number.</summary>
    Cancel = 0x03,

    /// <summary>Give the task of this number back if it has not begun.</summary>
    Recall = 0x04,

    /// <summary>Dispose the worker and leave.</summary>
    Stop = 0x05,

    /// <summary>The worker has been made.</summary>
    Ready = 0x81,

    /// <summary>The worker could not be made; an exception.</summary>
    StartFailed = 0x82,

    /// <summary>A task's result.</summary>
    Result = 0x83,

    /// <summary>What a task threw; an exception.</summary>
    Fault = 0x84,

    /// <summary>The task ended because it was asked to; an exception.</summary>
    Canceled = 0x85,

    /// <summary>The task of this number had not begun, and will not.</summary>
    Recalled = 0x86,
}
