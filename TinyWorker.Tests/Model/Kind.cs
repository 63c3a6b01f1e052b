namespace TinyWorker.Tests.Model;

/// <summary>What a future is the future of.</summary>
internal enum Kind
{
    Source,
    Task,
    Step,
    All,
    Any,
}
