using Microsoft.Win32.SafeHandles;
using TinyWorker.Backends.Processes.Launching;

namespace TinyWorker.Tests.Processes;

/// <summary>
/// What a process of its own does that has opened all the files it may before it starts its first child: so even the assemblies cannot be
/// loaded that this takes. No type of the test framework is to be named here.
/// </summary>
internal static class StartsWithoutFiles
{
    public const string Name = "starts without files";

    public static async Task RunAsync()
    {
        var launch = new ChildLaunch(new ChildStart("clown", Serves.Idle), CancellationToken.None);
        var files = new List<SafeFileHandle>();
        Exception? failure = null;
        try
        {
            while (true) files.Add(File.OpenHandle("/dev/null"));
        }
        catch (IOException)
        {
            // As many as there may be.
        }

        try
        {
            await launch.RunAsync();
        }
        catch (Exception e)
        {
            failure = e;
        }

        foreach (var file in files) file.Dispose();
        Console.WriteLine(failure is null ? "It has started." : $"The start failed: {failure}");
    }
}
