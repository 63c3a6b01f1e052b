namespace TinyWorker.Backends;

/// <summary>Why a worker is replaced, in a word: for the log and the meter.</summary>
internal static class RestartReason
{
    /// <summary>It did not stop when its task was asked to, and was given up.</summary>
    public const string Abandoned = "abandoned";

    /// <summary>Its process is gone.</summary>
    public const string Lost = "lost";

    /// <summary>Its process held more memory than it may.</summary>
    public const string Overweight = "overweight";

    /// <summary>It has done as many tasks as it may.</summary>
    public const string Recycled = "recycled";
}
