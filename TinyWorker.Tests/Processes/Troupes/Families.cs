using System.Text;
using TinyWorker.Backends.Processes.Launching;

namespace TinyWorker.Tests.Processes.Troupes;

/// <summary>Children of a test that have a troupe themselves. No type of the test framework is to be named here.</summary>
internal static class Families
{
    /// <summary>Has two workers, one of which hangs, tells which they are, and waits.</summary>
    public static int RunATroupe(ChildSide side)
    {
        var troupe = new TinyTroupe<int, int>(_ => Deaths.Hang(), new ProcessTroupeOptions { Workers = 2 });
        troupe.WhenReadyAsync().Wait();
        troupe.Submit(1);
        side.Data.Send(Encoding.ASCII.GetBytes(string.Join(' ', troupe.Snapshot().Workers.Select(worker => worker.ProcessId))));
        side.Data.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        return side.Control.Receive(new byte[1]);
    }
}
