using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using TinyWorker.Processes.Parent.Launching;
using TinyWorker.Processes.Protocol;

namespace TinyWorker.Tests.Processes;

/// <summary>The entry points of the tests' children. They must not use types of the test framework.</summary>
internal static class EntryPoints
{
    /// <summary>The variable that tells a child of a test what to do.</summary>
    public const string Variable = "TINYWORKER_TEST";

    /// <summary>Starts a process in a session of its own whose parent has ended.</summary>
    public const string Daemon = "daemon";

    /// <summary>Starts a process of which nothing shows that a child has started it.</summary>
    public const string Stranger = "stranger";

    private static string Task => Environment.GetEnvironmentVariable(Variable) ?? "";

    /// <summary>Sends back everything that it receives.</summary>
    public static int Echo(ChildSockets sockets)
    {
        var buffer = new byte[100];
        while (sockets.Data.Receive(buffer) is > 0 and var count) sockets.Data.SendAll(buffer.AsSpan(0, count));
        return 7;
    }

    /// <summary>Closes its connections, and exits.</summary>
    public static int CloseAndReturn(ChildSockets sockets)
    {
        sockets.Data.Dispose();
        sockets.Control.Dispose();
        return 6;
    }

    /// <summary>Sends a byte, and waits.</summary>
    public static int Idle(ChildSockets sockets)
    {
        sockets.Data.SendAll("!"u8);
        return Wait(sockets);
    }

    /// <summary>Sends a byte, and keeps its main thread busy.</summary>
    public static int Busy(ChildSockets sockets)
    {
        sockets.Data.SendAll("!"u8);
        while (true) Thread.SpinWait(1000);
    }

    /// <summary>Dies in the way that its variable says.</summary>
    public static int Die(ChildSockets sockets)
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

        return Idle(sockets);
    }

    /// <summary>Writes its variable to stdout and stderr.</summary>
    public static int Print(ChildSockets sockets)
    {
        var bytes = Encoding.Latin1.GetBytes(Task);
        using (var output = Console.OpenStandardOutput()) output.Write(bytes);
        using (var errors = Console.OpenStandardError()) errors.Write(bytes);
        return 0;
    }

    /// <summary>Writes its variable to stdout and stderr, as a program does.</summary>
    public static int PrintText(ChildSockets sockets)
    {
        Console.WriteLine(Task);
        Console.Error.WriteLine(Task);
        return 0;
    }

    /// <summary>Sends which files it has open.</summary>
    public static int TellFiles(ChildSockets sockets) =>
        Tell(sockets, string.Join('\n', Directory.GetFiles("/proc/self/fd").Select(link => new FileInfo(link).LinkTarget)));

    /// <summary>Sends its name and its level, starts the same as its child, and sends what that sends, or why there is none.</summary>
    public static int TellLevels(ChildSockets sockets)
    {
        var own = $"{ChildEnvironment.LevelOfThisProcess}";
        try
        {
            var child = Start(TellLevels);
            var buffer = new byte[1000];
            return Tell(sockets, own + ' ' + Encoding.UTF8.GetString(buffer, 0, child.Data.Receive(buffer)));
        }
        catch (InvalidOperationException e)
        {
            return Tell(sockets, $"{own} {e.Message}");
        }
    }

    /// <summary>Sends its name.</summary>
    public static int TellName(ChildSockets sockets) => Tell(sockets, sockets.Name);

    /// <summary>Reads its stdin to the end, and sends it.</summary>
    public static int ReadInput(ChildSockets sockets) => Tell(sockets, Console.In.ReadToEnd());

    /// <summary>Sends its environment: its own view, and those of processes that it starts from .NET and from native code.</summary>
    public static int TellEnvironment(ChildSockets sockets)
    {
        using var shell = Process.Start(new ProcessStartInfo("env") { RedirectStandardOutput = true })!;
        var managed = shell.StandardOutput.ReadToEnd();
        var file = Path.GetTempFileName();
        _ = system($"env > '{file}'");
        var native = File.ReadAllText(file);
        File.Delete(file);
        var variables = Environment.GetEnvironmentVariables();
        var own = string.Join('\n', variables.Keys.Cast<string>().Select(name => $"{name}={variables[name]}"));
        return Tell(sockets, string.Join('\0', own, managed, native));
    }

    /// <summary>Sends its folders and its id.</summary>
    public static int TellPlace(ChildSockets sockets) =>
        Tell(sockets, string.Join('\n', Environment.CurrentDirectory, AppContext.BaseDirectory.TrimEnd('/'), Environment.ProcessId));

    /// <summary>Waits for a byte, and sends which sockets it holds.</summary>
    public static int TellSockets(ChildSockets sockets)
    {
        _ = sockets.Control.Receive(new byte[1]);
        return Tell(sockets, string.Join('\n', ProcessTable.Sockets("self")));
    }

    /// <summary>Starts another process, sends its id, waits, and then throws.</summary>
    public static int StartSleeperAndThrow(ChildSockets sockets) =>
        StartSleeper(sockets) == 0 ? throw new InvalidOperationException("It must not end.") : 0;

    /// <summary>Starts another process, sends its id, and waits.</summary>
    public static int StartSleeper(ChildSockets sockets)
    {
        sockets.Data.SendAll(Encoding.ASCII.GetBytes(StartSleeper(Task)));
        return Wait(sockets);
    }

    /// <summary>Starts children of its own, sends their ids, and waits.</summary>
    public static int StartChildren(ChildSockets sockets)
    {
        var idle = Start(Idle);
        var busy = Start(Busy);
        Tell(sockets, $"{idle.ProcessId} {busy.ProcessId}");
        return Wait(sockets);
    }

    /// <summary>Starts a child that starts a process, sends the id of that process, and waits.</summary>
    public static int StartSleepyChild(ChildSockets sockets)
    {
        var words = Task.Split(' ');
        var child = Start(words[0] == "throw" ? StartSleeperAndThrow : StartSleeper, words[^1]);
        var buffer = new byte[20];
        var id = Encoding.ASCII.GetString(buffer, 0, child.Data.Receive(buffer)).TrimEnd('!');
        Tell(sockets, id);
        return Wait(sockets);
    }

    /// <summary>Opens a listener as a parent does, and sends its path.</summary>
    public static int TellSocketPath(ChildSockets sockets)
    {
        using var socket = ChildListener.Open();
        return Tell(sockets, socket.SocketPath);
    }

    /// <summary>Accepts a connection while this process can open no more files, and sends what happens.</summary>
    public static int TellWhatComesOfNoHandles(ChildSockets sockets)
    {
        using var socket = ChildListener.Open();
        using var connections = new ChildConnections();
        using var acceptor = new HandshakeAcceptor(socket, connections);
        using var first = Connect(socket.SocketPath);
        _ = acceptor.Poll(TimeSpan.FromSeconds(10));   // so that everything is loaded
        using var second = Connect(socket.SocketPath);
        nint next;
        using (var probe = File.OpenHandle("/dev/null")) next = probe.DangerousGetHandle();
        _ = getrlimit(OpenFiles, out var limit);
        _ = setrlimit(OpenFiles, limit with { Soft = (nuint)next });
        var error = SocketError.Success;
        try
        {
            _ = acceptor.Poll(TimeSpan.FromSeconds(10));
        }
        catch (SocketException e)
        {
            error = e.SocketErrorCode;
        }

        _ = setrlimit(OpenFiles, limit);
        return Tell(sockets, error.ToString());

        static Socket Connect(string path)
        {
            var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            connection.Connect(new UnixDomainSocketEndPoint(path));
            return connection;
        }
    }

    /// <summary>Switches startup hooks off, and sends whether it can have children, without and with a call of RunIfWorker.</summary>
    public static int TellWhetherItCanHaveChildren(ChildSockets sockets)
    {
        AppContext.SetSwitch("System.StartupHookProvider.IsSupported", false);
        var before = Try();
        TinyTroupeHost.RunIfWorker();
        return Tell(sockets, before + '\0' + Try());

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
            string[] command = ["-c", "setsid sleep 1000 > /dev/null & echo $!"];
            using var shell = Process.Start(new ProcessStartInfo("sh", command) { RedirectStandardOutput = true })!;
            var id = shell.StandardOutput.ReadToEnd();
            shell.WaitForExit();
            return id.Trim();
        }

        var start = starter == "sleep" ? new ProcessStartInfo("sleep", ["1000"]) : new ProcessStartInfo("setsid", ["sleep", "1000"]);
        if (starter == Stranger) start.Environment.Remove(ChildEnvironment.DescentVariable);
        using var sleeper = Process.Start(start)!;
        return sleeper.Id.ToString(CultureInfo.InvariantCulture);
    }

    private static ChildProcess Start(ChildEntryPoint serve, string task = "")
    {
        var start = new ChildStart("grandchild", serve) { Environment = new Dictionary<string, string?> { [Variable] = task } };
        return ChildProcess.StartAsync(start, CancellationToken.None).Result;
    }

    private static int Tell(ChildSockets sockets, string text)
    {
        sockets.Data.SendAll(Encoding.UTF8.GetBytes(text));
        sockets.Data.EndSending();
        return 0;
    }

    private static int Wait(ChildSockets sockets) => sockets.Control.Receive(new byte[1]);

    private const int OpenFiles = 7;

    [DllImport("libc")]
    private static extern int getrlimit(int resource, out Limit limit);

    [DllImport("libc")]
    private static extern int setrlimit(int resource, in Limit limit);

    private record struct Limit(nuint Soft, nuint Hard);

    [DllImport("libc", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int system(string command);
}
