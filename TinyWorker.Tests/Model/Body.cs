namespace TinyWorker.Tests.Model;

/// <summary>What the worker's code does with a task.</summary>
internal enum Body
{
    /// <summary>Returns at once.</summary>
    Returns,

    /// <summary>Throws at once.</summary>
    Throws,

    /// <summary>Throws an OperationCanceledException at once, which nobody has asked for.</summary>
    ThrowsCancellation,

    /// <summary>Waits at its gate, or for its token.</summary>
    HeedsToken,

    /// <summary>Waits at its gate, whatever its token says.</summary>
    IgnoresToken,
}
