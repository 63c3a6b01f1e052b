namespace TinyWorker.Tests.Contract;

/// <summary>A test of the contract whose worker shares what a worker in another process cannot: it does not exist for those.</summary>
/// <param name="what">What it shares.</param>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SharesMemoryAttribute(string what) : Attribute
{
    public string What => what;
}
