namespace TinyWorker.Processes.Protocol;

/// <summary>What a frame says. Kinds with the highest bit go to the parent, the others to the child.</summary>
internal enum FrameKind : byte
{
    /// <summary>The worker's description: what to make and how.</summary>
    Start = 0x01,

    /// <summary>A task's input.</summary>
    Call = 0x02,

    /// <summary>A request to signal the token of the task of this number.</summary>
    Cancel = 0x03,

    /// <summary>A request to begin no task up to this number that has not begun.</summary>
    Recall = 0x04,

    /// <summary>A request to dispose the worker and exit.</summary>
    Stop = 0x05,

    /// <summary>The activity under which the task of this number was submitted. It comes before the task's call.</summary>
    Activity = 0x06,

    /// <summary>A task's input, a large array, in pieces through <see cref="SharedWindow"/>.</summary>
    SharedCall = 0x07,

    /// <summary>The worker has been made. The number is 1 if the child has opened the <see cref="SharedWindow"/>, otherwise 0.</summary>
    Ready = 0x81,

    /// <summary>The worker could not be made. The payload is an exception.</summary>
    StartFailed = 0x82,

    /// <summary>A task's result.</summary>
    Result = 0x83,

    /// <summary>A task's result, a large array, in pieces through <see cref="SharedWindow"/>.</summary>
    SharedResult = 0x8A,

    /// <summary>What a task threw. The payload is an exception.</summary>
    Fault = 0x84,

    /// <summary>The disposal of the worker threw. The payload is an exception. It is the last frame.</summary>
    DisposeFailed = 0x87,

    /// <summary>A callback on a task's token threw when the task was cancelled. The payload is an exception.</summary>
    CallbackFaulted = 0x88,

    /// <summary>The request to stop was read, and the worker is being disposed. After that, the child sends no more.</summary>
    Stopping = 0x89,

    /// <summary>The worker holds more memory than it may, and is to be replaced.</summary>
    Overweight = 0x86,

    /// <summary>The tasks up to this number that come after the one in the payload (a long) have not begun, and will not begin.</summary>
    Recalled = 0x85,
}

/// <summary>Facts about the kinds of frames.</summary>
internal static class FrameKinds
{
    // Not a list that is made by reflection: each new process would sort it before its first frame.
    public static bool Belongs(FrameKind kind, FrameDirection direction) => direction == FrameDirection.ToChild
        ? kind is >= FrameKind.Start and <= FrameKind.SharedCall
        : kind is >= FrameKind.Ready and <= FrameKind.SharedResult;

    /// <summary>The kind whose payloads are the user's values.</summary>
    public static FrameKind OfValues(FrameDirection direction) => direction == FrameDirection.ToChild ? FrameKind.Call : FrameKind.Result;

    /// <summary>The kind of frames with such payloads of which all but the first byte comes in pieces.</summary>
    public static FrameKind Shared(FrameKind values) => values == FrameKind.Call ? FrameKind.SharedCall : FrameKind.SharedResult;
}

/// <summary>Which way a stream of frames goes.</summary>
internal enum FrameDirection
{
    ToChild,
    ToParent,
}
