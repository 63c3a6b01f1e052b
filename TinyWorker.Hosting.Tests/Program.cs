using TinyWorker.Hosting.Tests.Kestrel;

namespace TinyWorker.Hosting.Tests;

/// <summary>The programs that tests run in a process of their own.</summary>
internal static class Program
{
    internal static Task Main(string[] arguments) => arguments switch
    {
        [RestartedService.Name, var ledger] => RestartedService.RunAsync(ledger),
        _ => throw new ArgumentException($"There is no such program: {string.Join(' ', arguments)}"),
    };
}
