using TinyWorker.Backends.Processes.Payloads;

namespace TinyWorker.Backends.Processes;

/// <summary>How the back-end's own messages lie in their frames.</summary>
internal static class OwnFormats
{
    /// <summary>A <see cref="StartMessage"/>.</summary>
    public static PayloadFormat<byte[]?> Bytes { get; } = new ArrayFormat<byte>();

    /// <summary>The number of a task.</summary>
    public static PayloadFormat<long> Number { get; } = new RawFormat<long>();

    /// <summary>A <see cref="FlowingActivity"/>.</summary>
    public static PayloadFormat<string?> Text { get; } = new StringFormat();
}
