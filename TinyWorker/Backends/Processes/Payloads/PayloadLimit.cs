namespace TinyWorker.Backends.Processes.Payloads;

/// <summary>How much one input or result may be.</summary>
internal static class PayloadLimit
{
    /// <summary>Bytes. What an array can hold, with room for what surrounds the value.</summary>
    public const int Max = int.MaxValue - 1024;

    public static InvalidOperationException Exceeded(Type type, long bytes, long limit) => new(
        $"A value of type {type} takes {bytes:N0} bytes or more; what travels to or from a worker process may take {limit:N0}. " +
        "Send it in pieces, or put it into a file and send its path.");
}
