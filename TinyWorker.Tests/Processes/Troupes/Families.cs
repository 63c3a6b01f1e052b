using System.Text;
using TinyWorker.Processes.Protocol;

namespace TinyWorker.Tests.Processes.Troupes;

/// <summary>Children of a test that have troupes of their own. They must not use types of the test framework.</summary>
internal static class Families
{
    /// <summary>Has two workers, one of which hangs, sends their ids, and waits.</summary>
    public static int RunATroupe(ChildSockets sockets)
    {
        var troupe = new TinyTroupe<int, int>(_ => Deaths.Hang(), new ProcessTroupeOptions { Workers = 2 });
        troupe.WhenReadyAsync().Wait();
        troupe.Submit(1);
        sockets.Data.SendAll(Encoding.ASCII.GetBytes(string.Join(' ', troupe.Snapshot().Workers.Select(worker => worker.ProcessId))));
        sockets.Data.EndSending();
        return sockets.Control.Receive(new byte[1]);
    }
}
