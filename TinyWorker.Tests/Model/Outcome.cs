namespace TinyWorker.Tests.Model;

/// <summary>How a body that is released, or a source, ends.</summary>
internal enum Outcome
{
    Success,
    Fault,
    Cancellation,
}
