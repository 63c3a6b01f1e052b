using System.Globalization;
using TinyWorker.Tests.Leaks;
using TinyWorker.Tests.Plugins;
using TinyWorker.Tests.Processes;
using TinyWorker.Tests.Processes.Troupes;
using TinyWorker.Tests.Streaming;

namespace TinyWorker.Tests;

/// <summary>The programs that tests run in a process of their own.</summary>
internal static class Program
{
    internal static Task Main(string[] arguments) => arguments[0] switch
    {
        DrainsAtCtrlC.Name => DrainsAtCtrlC.RunAsync(arguments[1]),
        TellsItsConfiguration.Name => TellsItsConfiguration.RunAsync(),
        DropsAnIterator.Name => DropsAnIterator.RunAsync(arguments[1], bool.Parse(arguments[2])),
        LacksMemory.Name => LacksMemory.RunAsync([.. arguments[1..].Select(size => int.Parse(size, CultureInfo.InvariantCulture))]),
        LeakRun.Name => LeakRun.RunAsync(arguments[1], arguments[2], arguments[3]),
        StartsWithoutFiles.Name => StartsWithoutFiles.RunAsync(int.Parse(arguments[1], CultureInfo.InvariantCulture)),
        UnloadsAPlugin.Name => UnloadsAPlugin.RunAsync(arguments[1]),
        _ => throw new ArgumentException($"There is no program named '{arguments[0]}'."),
    };
}
