namespace TinyWorker.Tests.Model;

/// <summary>The token of a submission.</summary>
internal enum Token
{
    None,
    Live,
    Fired,
}
