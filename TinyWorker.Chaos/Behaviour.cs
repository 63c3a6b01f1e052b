namespace TinyWorker.Chaos;

/// <summary>What a worker does with a task.</summary>
internal enum Behaviour
{
    /// <summary>Returns the result.</summary>
    Work,

    /// <summary>Throws.</summary>
    Throw,

    /// <summary>Runs until its token fires.</summary>
    RunUntilCancelled,

    /// <summary>Never ends, and ignores its token.</summary>
    Hang,

    /// <summary>Ends its process on every attempt.</summary>
    Crash,

    /// <summary>Ends its process on the first attempt only.</summary>
    CrashOnce,
}
