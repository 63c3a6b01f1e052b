using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using System.Reflection;
using System.Runtime.InteropServices;
using TinyWorker.Backends.Processes.Launching.Systems;

namespace TinyWorker.Backends.Processes.Launching;

/// <summary>A child's own side: from the moment it finds out that it is one to the end of its process.</summary>
internal static class ChildHost
{
    private const int CannotConnect = 1;

    // One connection has ended: if that is the parent's end, the others follow in no time, unless the machine is very busy.
    private static readonly TimeSpan ParentsEnd = TimeSpan.FromMilliseconds(250);

#pragma warning disable IDE0052 // Held, not read: a registration that nobody holds ends.
    private static PosixSignalRegistration[]? s_ignored;
#pragma warning restore IDE0052

    /// <summary>The user's Main lets a child in: this program can be started again as it is.</summary>
    public static bool WasAsked { get; private set; }

    public static void RunIfAsked()
    {
        WasAsked = true;
        RunIfWorker();
    }

    /// <summary>Returns in a process that is no child. In a child, it serves and ends the process.</summary>
    public static void RunIfWorker()
    {
        if (ChildMarks.Take() is { } marks) Environment.Exit(Run(marks));
    }

    private static int Run(ChildMarks marks)
    {
        if (marks.Build != ChildMarks.ThisBuild)
        {
            throw new InvalidOperationException(
                $"The worker process '{marks.Name}' has another build of TinyWorker than the process that has started it, whose files were "
                + "replaced while it ran: restart that.");
        }

        var serve = FindServe(marks);   // before it connects: what cannot be found fails the start
        var leadsGroup = HostSystem.Current.LeadOwnGroup();
        IgnoreSignals();
        // First: what is closed by the end of the parent is closed in the order in which it was opened there, as a rule.
        var lifeline = Connect(marks, ConnectionRole.Lifeline, leadsGroup);
        WatchTheParent(marks, lifeline);
        var side = new ChildSide(marks.Name, Connect(marks, ConnectionRole.Data, leadsGroup), Connect(marks, ConnectionRole.Control, leadsGroup));
        // If the parent is at its end, nobody but this process ends what it has started: an orderly exit, or a crash, would leave that behind.
        try
        {
            var code = serve(side);
            if (ParentHasEnded(side, lifeline)) EndWithParent(marks);
            return code;
        }
        catch (Exception) when (ParentHasEnded(side, lifeline))
        {
            EndWithParent(marks);
            throw;
        }
    }

    // Ctrl-C is the parent's to act on. On Unix it does not come here any more, but where there are no groups it does.
    private static void IgnoreSignals() => s_ignored =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, static context => context.Cancel = true),
        PosixSignalRegistration.Create(PosixSignal.SIGQUIT, static context => context.Cancel = true),
        // A service manager sends it to all of a service's processes: the parent then drains, and needs its workers for that.
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, static context => context.Cancel = true),
    ];

    private static Socket Connect(ChildMarks marks, ConnectionRole role, bool leadsGroup)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(marks.SocketPath));
            Hello.Say(socket, Convert.FromHexString(marks.Secret), role, leadsGroup);
            return socket;
        }
        catch (SocketException e)
        {
            // The parent is gone, or has given up waiting: nobody else knows of the folder. Not by an exception: that would leave files too.
            PrivateSocket.RemoveAbandoned(marks.SocketPath);
            Console.Error.WriteLine($"The worker process '{marks.Name}' cannot reach the process that has started it: {e.Message}");
            Environment.Exit(CannotConnect);
            throw;   // it does not come back, which the compiler does not know
        }
    }

    // A thread of its own that blocks: neither the user's code nor a starved pool can keep it from seeing the end. The socket stays open
    // to the end of the process: to the parent, it says nothing else.
    private static void WatchTheParent(ChildMarks marks, Socket lifeline)
    {
        var watch = new Thread(() =>
        {
            try
            {
                _ = lifeline.Receive(new byte[1]);   // nothing is ever sent
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // As good as its end.
            }

            GC.KeepAlive(lifeline);
            EndWithParent(marks);
        }) { Name = "TinyWorker: watches the parent", IsBackground = true };
        watch.UnsafeStart();
    }

    // Reached where a parent is killed (OrphanTests), which no coverage shows: a process that is killed does not come to report what it has run.
    private static void EndWithParent(ChildMarks marks)
    {
        PrivateSocket.RemoveAbandoned(marks.SocketPath);   // it is there only if the parent ended at the very start
        HostSystem.Current.RuntimeFilesOf(Environment.ProcessId, Environment.GetEnvironmentVariable("TMPDIR"))?.Remove();
        HostSystem.Current.KillDescendants();
        if (marks.Descent is { } descent) HostSystem.Current.KillMarked(ChildMarks.DescentVariable, descent);
        HostSystem.Current.KillSelf();
    }

    private static bool ParentHasEnded(ChildSide side, Socket lifeline) =>
        (HasEnded(side.Data) || HasEnded(side.Control)) && lifeline.Poll(ParentsEnd, SelectMode.SelectRead);

    private static bool HasEnded(Socket socket)
    {
        try
        {
            return socket.Poll(TimeSpan.Zero, SelectMode.SelectRead) && socket.Available == 0;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return true;   // it cannot be told any more
        }
    }

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "The method is referred to where the child is started, by the same program.")]
    [UnconditionalSuppressMessage("Trimming", "IL2057", Justification = "See above.")]
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "See above.")]
    private static ChildServe FindServe(ChildMarks marks)
    {
        var type = Type.GetType(marks.ServeType, throwOnError: true)!;
        var method = type.GetMethod(marks.ServeMethod, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic, [typeof(ChildSide)])
            ?? throw new MissingMethodException(marks.ServeType, marks.ServeMethod);
        return method.CreateDelegate<ChildServe>();
    }
}
