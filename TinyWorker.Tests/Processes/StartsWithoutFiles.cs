using Microsoft.Win32.SafeHandles;
using TinyWorker.Processes.Parent.Launching;

namespace TinyWorker.Tests.Processes;

/// <summary>
/// A program that has opened almost all files that it may before it starts its first child: so even the assemblies for that cannot be
/// loaded. It must not use types of the test framework.
/// </summary>
internal static class StartsWithoutFiles
{
    public const string Name = "starts without files";

    /// <param name="spare">How many files can still be opened. A thread takes some before it runs.</param>
    public static Task RunAsync(int spare)
    {
        // Loads what is needed to reach the thread that starts the child, and to print the result.
        var output = Console.Out;
        var launch = new ChildLaunch(new ChildStart("clown", EntryPoints.Idle), CancellationToken.None);
        new Thread(static () => { }) { Name = "a thread", IsBackground = true }.UnsafeStart();

        var files = new List<SafeFileHandle>();
        Exception? failure = null;
        try
        {
            while (true) files.Add(File.OpenHandle("/dev/null"));
        }
        catch (IOException)
        {
            // No more files can be opened.
        }

        for (var i = 0; i < spare; i++) files[i].Dispose();
        try
        {
            launch.RunAsync().Wait();   // an await would continue on the pool, which can make no thread now
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
