namespace TinyWorker.Hosting;

/// <summary>How the troupes of an application stop with their host.</summary>
public sealed class TinyTroupeHostOptions
{
    /// <summary>How much of the host's <c>ShutdownTimeout</c> is kept for the end of what was aborted.</summary>
    /// <value>By default 5 seconds; half of the <c>ShutdownTimeout</c> at the most.</value>
    public TimeSpan ShutdownReserve { get; set; } = TimeSpan.FromSeconds(5);
}
