using System.Globalization;
using TinyWorker.Tests.Leaks;
using TinyWorker.Tests.Processes;
using TinyWorker.Tests.Processes.Troupes;
using TinyWorker.Tests.Streaming;

namespace TinyWorker.Tests;

/// <summary>What tests run in a process of its own.</summary>
internal static class Program
{
    internal static Task Main(string[] arguments) => arguments[0] switch
    {
        DrainsAtCtrlC.Name => DrainsAtCtrlC.RunAsync(arguments[1]),
        DropsAnIterator.Name => DropsAnIterator.RunAsync(arguments[1], bool.Parse(arguments[2])),
        LacksMemory.Name => LacksMemory.RunAsync([.. arguments[1..].Select(size => int.Parse(size, System.Globalization.CultureInfo.InvariantCulture))]),
        LeakRun.Name => LeakRun.RunAsync(arguments[1], arguments[2], arguments[3]),
        StartsWithoutFiles.Name => StartsWithoutFiles.RunAsync(int.Parse(arguments[1], CultureInfo.InvariantCulture)),
        _ => throw new ArgumentException($"There is nothing to run that is called '{arguments[0]}'."),
    };
}
