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

    /// <summary>Begin no task up to this number that has not begun.</summary>
    Recall = 0x04,

    /// <summary>Dispose the worker and leave.</summary>
    Stop = 0x05,

    /// <summary>The activity under which the task of this number was submitted. Before its call.</summary>
    Activity = 0x06,

    /// <summary>The worker has been made.</summary>
    Ready = 0x81,

    /// <summary>The worker could not be made; an exception.</summary>
    StartFailed = 0x82,

    /// <summary>A task's result.</summary>
    Result = 0x83,

    /// <summary>What a task threw; an exception.</summary>
    Fault = 0x84,

    /// <summary>The disposal of the worker threw; an exception. The last frame.</summary>
    DisposeFailed = 0x87,

    /// <summary>What was registered on a task's token threw when it was cancelled; an exception.</summary>
    CallbackFaulted = 0x88,

    /// <summary>The worker holds more memory than it may, and is to be replaced.</summary>
    Overweight = 0x86,

    /// <summary>Of the tasks up to this number, those behind the one in the payload (a long) have not begun, and will not.</summary>
    Recalled = 0x85,
}
