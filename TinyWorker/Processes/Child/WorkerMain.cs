using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using System.Reflection;
using System.Runtime.InteropServices;
using TinyWorker.Platform;
using TinyWorker.Processes.Protocol;

namespace TinyWorker.Processes.Child;

/// <summary>The way of a child from the moment it finds out that it is one to the end of its process.</summary>
internal static class WorkerMain
{
    private const int CannotConnect = 1;

    // One connection has ended. If the parent has ended, the others end at almost the same time, unless the machine is very busy.
    private static readonly TimeSpan ParentExitTimeout = TimeSpan.FromMilliseconds(250);

#pragma warning disable IDE0052 // Held, not read: a registration that nobody holds ends.
    private static PosixSignalRegistration[]? s_ignored;
#pragma warning restore IDE0052

    /// <summary>Returns in a process that is no child. A child runs its entry point here, and ends the process.</summary>
    public static void RunIfWorker()
    {
        if (ChildEnvironment.Take() is { } environment) Environment.Exit(Run(environment));
    }

    private static int Run(ChildEnvironment environment)
    {
        if (environment.Build != ChildEnvironment.ThisBuild)
        {
            throw new InvalidOperationException(
                $"The worker process '{environment.Name}' has another build of TinyWorker than the process that has started it. "
                + "The files of that process were replaced while it ran: restart it.");
        }

        HostSystem.Current.CloseInherited(environment.OpenFiles);
        ChildConsole.UseUtf8();
        var entryPoint = FindEntryPoint(environment);   // before it connects: what cannot be found fails the start
        ChildEnvironment.LevelOfThisProcess = environment.Level;
        var leadsGroup = HostSystem.Current.LeadOwnGroup();
        IgnoreSignals();
        // The lifeline is first: when the parent ends, the system usually closes its sockets in the order in which they were opened.
        var lifeline = Connect(environment, ConnectionRole.Lifeline, leadsGroup);
        WatchParent(environment, lifeline);
        var data = Connect(environment, ConnectionRole.Data, leadsGroup);
        var sockets = new ChildSockets(environment.Name, data, Connect(environment, ConnectionRole.Control, leadsGroup));
        // If the parent has ended, only this process can end what this process has started. An orderly exit or a crash would leave it
        // behind.
        try
        {
            var code = entryPoint(sockets);
            if (HasParentEnded(sockets, lifeline)) KillAll(environment);
            return code;
        }
        catch (Exception) when (HasParentEnded(sockets, lifeline))
        {
            KillAll(environment);
            throw;
        }
    }

    // The parent acts on the signals that end a program. A terminal that closes, and a service manager, send theirs to all processes. The
    // parent then drains, and needs its workers for that. On Unix this process is in another group, which Ctrl-C does not reach; where there are no groups, it does.
    private static void IgnoreSignals() => s_ignored =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, static context => context.Cancel = true),
        PosixSignalRegistration.Create(PosixSignal.SIGQUIT, static context => context.Cancel = true),
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, static context => context.Cancel = true),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, static context => context.Cancel = true),
    ];

    private static LocalConnection Connect(ChildEnvironment environment, ConnectionRole role, bool leadsGroup)
    {
        try
        {
            var connection = HostSystem.Current.Connect(environment.SocketPath);
            // The name of a parent that has just ended may be another user's now, who must not learn the secret, nor say what runs here.
            if (SocketFolder.IsAbstract(environment.SocketPath) && !connection.IsOfThisUser)
                throw Stranger();
            Handshake.Send(connection, environment.Secret, role, leadsGroup);
            return connection;
        }
        catch (Exception e) when (LocalConnection.HasFailed(e))
        {
            // The parent is gone, or no longer waits. An exception that ended the process would leave the runtime's files behind.
            SocketFolder.Remove(environment.SocketPath);
            Console.Error.WriteLine($"The worker process '{environment.Name}' cannot reach the process that has started it: {e.Message}");
            Environment.Exit(CannotConnect);
            throw;   // not reached, which the compiler does not know
        }
    }

    // In a method of its own: only a child that needs the exception loads what it needs.
    private static SocketException Stranger() => new((int)SocketError.AccessDenied);

    // A thread of its own that blocks: neither the user's code nor a starved pool can keep it from seeing the end. The socket stays open
    // to the end of the process, which the parent sees by it.
    private static void WatchParent(ChildEnvironment environment, LocalConnection lifeline)
    {
        var watch = new Thread(() =>
        {
            try
            {
                _ = lifeline.Receive(new byte[1]);   // nothing is ever sent
            }
            catch (Exception e) when (LocalConnection.HasFailed(e))
            {
                // The connection has ended, in another way.
            }

            GC.KeepAlive(lifeline);
            KillAll(environment);
        }) { Name = "TinyWorker: watches the parent", IsBackground = true };
        watch.UnsafeStart();
    }

    /// <summary>Ends this process and all that it has started, when the parent has ended.</summary>
    // OrphanTests come here. No coverage shows it: a process that is killed cannot report what it has run.
    private static void KillAll(ChildEnvironment environment)
    {
        SocketFolder.Remove(environment.SocketPath);   // still there only if the parent ended before this child had connected
        HostSystem.Current.RuntimeFilesOf(Environment.ProcessId, Environment.GetEnvironmentVariable("TMPDIR"))?.Remove();
        HostSystem.Current.KillDescendants();
        if (environment.Descent is { } descent) HostSystem.Current.KillMarked(ChildEnvironment.DescentVariable, descent);
        HostSystem.Current.KillSelf();
    }

    // If the entry point has closed its connections, the lifeline decides.
    private static bool HasParentEnded(ChildSockets sockets, LocalConnection lifeline) =>
        (sockets.Data.HasEnded || sockets.Control.HasEnded) && lifeline.WaitToReceive(ParentExitTimeout);

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "The same program refers to the method where it starts the child.")]
    [UnconditionalSuppressMessage("Trimming", "IL2057", Justification = "See above.")]
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "See above.")]
    private static ChildEntryPoint FindEntryPoint(ChildEnvironment environment)
    {
        const BindingFlags Statics = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
        // To find a type by a long name compiles code, in each start.
        if (environment.EntryType == typeof(WorkerServer).AssemblyQualifiedName && environment.EntryMethod == nameof(WorkerServer.Serve))
            return WorkerServer.Serve;
        var type = Type.GetType(environment.EntryType, throwOnError: true)!;
        var method = type.GetMethod(environment.EntryMethod, Statics, [typeof(ChildSockets)])
            ?? throw new MissingMethodException(environment.EntryType, environment.EntryMethod);
        return method.CreateDelegate<ChildEntryPoint>();
    }
}
