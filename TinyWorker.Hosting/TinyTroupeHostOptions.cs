namespace TinyWorker.Hosting;

/// <summary>
/// How the troupes of an application stop with their host. Set with <c>services.Configure&lt;TinyTroupeHostOptions&gt;(...)</c>.
/// </summary>
public sealed class TinyTroupeHostOptions
{
    /// <summary>
    /// How much of the host's <c>ShutdownTimeout</c> is kept for the end: when only this much is left, what still runs is explained in the
    /// log and aborted, so that whoever waits for it gets an answer before the host is gone.
    /// </summary>
    /// <value>Zero or more; by default 5 seconds. At least the longest <see cref="TinyTroupeSettings.CancellationGrace"/> and a second is
    /// kept, and half of the <c>ShutdownTimeout</c> at the most.</value>
    public TimeSpan ShutdownReserve { get; set; } = TimeSpan.FromSeconds(5);
}
