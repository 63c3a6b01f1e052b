namespace TinyWorker;

/// <summary>An error of the troupe itself, as opposed to one of a task's code.</summary>
public abstract class TroupeException : Exception
{
    private protected TroupeException(string troupe, string message, Exception? innerException)
        : base(message, innerException) => Troupe = troupe;

    /// <summary>The name of the troupe.</summary>
    public string Troupe { get; }
}
