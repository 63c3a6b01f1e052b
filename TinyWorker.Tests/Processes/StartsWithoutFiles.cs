using Microsoft.Win32.SafeHandles;
using TinyWorker.Backends.Processes.Launching;

namespace TinyWorker.Tests.Processes;

/// <summary>
/// What a process of its own does that has opened almost all the files it may before it starts its first child: so even the assemblies that
/// this takes cannot be loaded. No type of the test framework is to be named here.
/// </summary>
internal static class StartsWithoutFiles
{
    public const string Name = "starts without files";

    /// <param name="spare">How many files can be opened still: a thread takes some itself before it runs.</param>
    public static Task RunAsync(int spare)
    {
        // What it takes to get as far as to the thread that starts the child, and to tell.
        var output = Console.Out;
        var launch = new ChildLaunch(new ChildStart("clown", Serves.Idle), CancellationToken.None);
        new Thread(static () => { }) { Name = "a thread", IsBackground = true }.UnsafeStart();

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

        for (var i = 0; i < spare; i++) files[i].Dispose();
        try
        {
            launch.RunAsync().Wait();   // awaited, it would go on on the pool, which can make no thread now
        }
        catch (Exception e)
        {
            failure = e;
        }

        foreach (var file in files) file.Dispose();
        output.WriteLine(failure is null ? "It has started." : $"The start failed: {failure}");
        return Task.CompletedTask;
    }
}
