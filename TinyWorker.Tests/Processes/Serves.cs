using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using TinyWorker.Backends.Processes.Launching;

namespace TinyWorker.Tests.Processes;

/// <summary>What the children of the tests do. No type of the test framework is to be named here.</summary>
internal static class Serves
{
    /// <summary>The variable that tells a child of a test what to do.</summary>
    public const string Variable = "TINYWORKER_TEST";

    /// <summary>A way to start another process that leaves it to nobody: in a session of its own, and its parent has ended.</summary>
    public const string Daemon = "daemon";

    /// <summary>A way to start another process that nobody can know for one that a child has started.</summary>
    public const string Stranger = "stranger";

    private static string Task => Environment.GetEnvironmentVariable(Variable) ?? "";

    /// <summary>Sends back what comes, to the end.</summary>
    public static int Echo(ChildSide side)
    {
        var buffer = new byte[100];
        while (side.Data.Receive(buffer) is > 0 and var count) side.Data.Send(buffer.AsSpan(0, count));
        return 7;
    }

    /// <summary>Lets go of its connections, and ends.</summary>
    public static int CloseAndReturn(ChildSide side)
    {
        side.Data.Dispose();
        side.Control.Dispose();
        return 6;
    }

    /// <summary>Says that it is there, and waits.</summary>
    public static int Idle(ChildSide side)
    {
        side.Data.Send("!"u8);
        return Wait(side);
    }

    /// <summary>Says that it is there, and uses its main thread up.</summary>
    public static int Busy(ChildSide side)
    {
        side.Data.Send("!"u8);
        while (true) Thread.SpinWait(1000);
    }

    /// <summary>Dies in the way that it is told.</summary>
    public static int Die(ChildSide side)
    {
        Console.Error.WriteLine("about to die");
        switch (Task)
        {
            case "return":
                return 5;
            case "exit":
                Environment.Exit(3);
                break;
            case "fail-fast":
                Environment.FailFast("on purpose");
                break;
            case "overflow":
                return Fatal.StackOverflow();
            case "throw":
                throw new InvalidOperationException("on purpose");
            case "native fault":
                return Fatal.NativeFault();
            default:
                Fatal.Signal(Environment.ProcessId, int.Parse(Task, CultureInfo.InvariantCulture));
                break;
        }

        return Idle(side);
    }

    /// <summary>Writes what it is told to stdout and stderr.</summary>
    public static int Print(ChildSide side)
    {
        var bytes = Encoding.Latin1.GetBytes(Task);
        using (var output = Console.OpenStandardOutput()) output.Write(bytes);
        using (var errors = Console.OpenStandardError()) errors.Write(bytes);
        return 0;
    }

    /// <summary>Reads its stdin to the end, and tells what it was.</summary>
    public static int ReadInput(ChildSide side) => Tell(side, Console.In.ReadToEnd());

    /// <summary>Tells its environment, as it sees it and as what it starts from .NET and from native code does.</summary>
    public static int TellEnvironment(ChildSide side)
    {
        using var shell = Process.Start(new ProcessStartInfo("env") { RedirectStandardOutput = true })!;
        var managed = shell.StandardOutput.ReadToEnd();
        var file = Path.GetTempFileName();
        _ = system($"env > '{file}'");
        var native = File.ReadAllText(file);
        File.Delete(file);
        var variables = Environment.GetEnvironmentVariables();
        var own = string.Join('\n', variables.Keys.Cast<string>().Select(name => $"{name}={variables[name]}"));
        return Tell(side, string.Join('\0', own, managed, native));
    }

    /// <summary>Tells where it is.</summary>
    public static int TellPlace(ChildSide side) =>
        Tell(side, string.Join('\n', Environment.CurrentDirectory, AppContext.BaseDirectory.TrimEnd('/'), Environment.ProcessId));

    /// <summary>Tells which sockets it holds, when it is asked to.</summary>
    public static int TellSockets(ChildSide side)
    {
        _ = side.Control.Receive(new byte[1]);
        return Tell(side, string.Join('\n', ProcessTable.Sockets("self")));
    }

    /// <summary>Starts another process, tells its id, waits, and takes the end badly.</summary>
    public static int StartSleeperAndThrow(ChildSide side) =>
        StartSleeper(side) == 0 ? throw new InvalidOperationException("It must not end.") : 0;

    /// <summary>Starts another process, tells its id, and waits.</summary>
    public static int StartSleeper(ChildSide side)
    {
        side.Data.Send(Encoding.ASCII.GetBytes(StartSleeper(Task)));
        return Wait(side);
    }

    /// <summary>Is the parent of children of its own, tells their ids, and waits.</summary>
    public static int StartChildren(ChildSide side)
    {
        var idle = Start(Idle);
        var busy = Start(Busy);
        Tell(side, $"{idle.ProcessId} {busy.ProcessId}");
        return Wait(side);
    }

    /// <summary>Is the parent of a child that has one itself, tells the id of that, and waits.</summary>
    public static int StartSleepyChild(ChildSide side)
    {
        var words = Task.Split(' ');
        var child = Start(words[0] == "throw" ? StartSleeperAndThrow : StartSleeper, words[^1]);
        var buffer = new byte[20];
        var id = Encoding.ASCII.GetString(buffer, 0, child.Data.Receive(buffer)).TrimEnd('!');
        Tell(side, id);
        return Wait(side);
    }

    /// <summary>Opens a socket as a parent does, and tells where.</summary>
    public static int TellSocketPath(ChildSide side)
    {
        using var socket = PrivateSocket.Open();
        return Tell(side, socket.SocketPath);
    }

    /// <summary>Lets somebody in while this process may open nothing more, and tells what happens.</summary>
    public static int TellWhatComesOfNoHandles(ChildSide side)
    {
        using var socket = PrivateSocket.Open();
        using var connections = new Connections();
        using var receptionist = new Receptionist(socket, connections);
        using var first = Connect(socket.SocketPath);
        _ = receptionist.Attend(TimeSpan.FromSeconds(10));   // so that everything is loaded
        using var second = Connect(socket.SocketPath);
        nint next;
        using (var probe = File.OpenHandle("/dev/null")) next = probe.DangerousGetHandle();
        _ = getrlimit(OpenFiles, out var limit);
        _ = setrlimit(OpenFiles, limit with { Soft = (nuint)next });
        var error = SocketError.Success;
        try
        {
            _ = receptionist.Attend(TimeSpan.FromSeconds(10));
        }
        catch (SocketException e)
        {
            error = e.SocketErrorCode;
        }

        _ = setrlimit(OpenFiles, limit);
        return Tell(side, error.ToString());

        static Socket Connect(string path)
        {
            var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            connection.Connect(new UnixDomainSocketEndPoint(path));
            return connection;
        }
    }

    /// <summary>Switches startup hooks off, and tells whether it can have children, without and with a Main that lets them in.</summary>
    public static int TellWhetherItCanHaveChildren(ChildSide side)
    {
        AppContext.SetSwitch("System.StartupHookProvider.IsSupported", false);
        var before = Try();
        TinyTroupeHost.RunIfWorker();
        return Tell(side, before + '\0' + Try());

        static string Try()
        {
            try
            {
                return ChildCommand.ForThisProgram().Hook ?? "can";
            }
            catch (InvalidOperationException e)
            {
                return e.Message;
            }
        }
    }

    private static string StartSleeper(string starter)
    {
        if (starter == Daemon)
        {
            using var shell = Process.Start(new ProcessStartInfo("sh", ["-c", "setsid sleep 1000 > /dev/null & echo $!"]) { RedirectStandardOutput = true })!;
            var id = shell.StandardOutput.ReadToEnd();
            shell.WaitForExit();
            return id.Trim();
        }

        var start = starter == "sleep" ? new ProcessStartInfo("sleep", ["1000"]) : new ProcessStartInfo("setsid", ["sleep", "1000"]);
        if (starter == Stranger) start.Environment.Remove(ChildMarks.DescentVariable);
        using var sleeper = Process.Start(start)!;
        return sleeper.Id.ToString(CultureInfo.InvariantCulture);
    }

    private static ChildProcess Start(ChildServe serve, string task = "")
    {
        var start = new ChildStart("grandchild", serve) { Environment = new Dictionary<string, string?> { [Variable] = task } };
        return ChildProcess.StartAsync(start, CancellationToken.None).Result;
    }

    private static int Tell(ChildSide side, string text)
    {
        side.Data.Send(Encoding.UTF8.GetBytes(text));
        side.Data.Shutdown(SocketShutdown.Send);
        return 0;
    }

    private static int Wait(ChildSide side) => side.Control.Receive(new byte[1]);

    private const int OpenFiles = 7;

    [DllImport("libc")]
    private static extern int getrlimit(int resource, out Limit limit);

    [DllImport("libc")]
    private static extern int setrlimit(int resource, in Limit limit);

    private record struct Limit(nuint Soft, nuint Hard);

    [DllImport("libc", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int system(string command);
}
