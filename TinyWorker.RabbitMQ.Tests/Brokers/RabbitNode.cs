using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>
/// A RabbitMQ node of these tests, on 127.0.0.1 and ports of its own. It keeps its folder and its ports over a restart. The process is the
/// Erlang VM itself; its helpers (erl_child_setup and what that starts) end with it.
/// </summary>
internal sealed class RabbitNode
{
    /// <summary>For a start, a stop or a command of rabbitmqctl, on a loaded machine.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly BrokerYard _yard;
    private readonly string _folder;
    private readonly int _distributionPort;
    private GuardedProcess? _process;
    private bool _isSuspended;

    public RabbitNode(BrokerYard yard, string name)
    {
        _yard = yard;
        Name = name;
        Port = FreePorts.Take();
        _distributionPort = FreePorts.Take();
        _folder = Path.Join(yard.Folder, name);
        Directory.CreateDirectory(Path.Join(_folder, "log"));
        Directory.CreateDirectory(Path.Join(_folder, "mnesia"));
        File.WriteAllText(Path.Join(_folder, "plugins"), "[].");
        File.WriteAllText(Path.Join(_folder, "env.conf"), "");
        // The limits are for small machines: the write-ahead log of quorum queues, and the free disk below which the broker blocks.
        File.WriteAllText(Path.Join(_folder, "rabbitmq.conf"), $"""
            listeners.tcp.default = 127.0.0.1:{Port}
            loopback_users = none
            disk_free_limit.absolute = 10MB
            raft.wal_max_size_bytes = 33554432

            """);
    }

    public string Name { get; }

    public int Port { get; }

    /// <summary>The name by which the nodes of a cluster know each other.</summary>
    public string NodeName => Name + "@localhost";

    public string Uri => $"amqp://guest:guest@127.0.0.1:{Port}/";

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>The id of the Erlang VM.</summary>
    public int ProcessId => (_process ?? throw new InvalidOperationException($"{Name} was not started.")).Id;

    /// <summary>Starts the node, for the first time or again, and waits until it speaks AMQP.</summary>
    public async Task StartAsync()
    {
        if (IsRunning) throw new InvalidOperationException($"{Name} runs already.");
        var clock = Stopwatch.StartNew();
        var environment = Environment();
        environment["RABBITMQ_NODE_PORT"] = Port.ToString(CultureInfo.InvariantCulture);
        environment["RABBITMQ_DIST_PORT"] = _distributionPort.ToString(CultureInfo.InvariantCulture);
        _process = await GuardedProcess.StartAsync(
            Path.Join(_folder, "stdout"), environment, Path.Join(BrokerInstallation.Require(), "rabbitmq-server"));
        while (!await SpeaksAsync())
        {
            if (_process.HasExited) throw new AssertionException($"{NodeName} ended with code {_process.ExitCode}.\n{LogTail()}");
            if (clock.Elapsed > Patience)
            {
                await KillAsync();
                throw new AssertionException($"{NodeName} does not speak AMQP on port {Port} after {Patience}.\n{LogTail()}");
            }

            await Task.Delay(50);
        }
    }

    /// <summary>Ends the node with SIGKILL.</summary>
    public async Task KillAsync()
    {
        if (_process is not { } process) return;
        process.Kill();
        await process.WaitForExitAsync(Patience);
        _isSuspended = false;
    }

    /// <summary>Stops the node as an operator does (SIGTERM), and waits until it has ended.</summary>
    public async Task StopAsync()
    {
        if (_process is not { } process) return;
        Signals.Terminate(process.Id);
        try
        {
            await process.WaitForExitAsync(Patience);
        }
        catch (AssertionException e)
        {
            throw new AssertionException($"{e.Message}\n{LogTail()}", e);
        }
    }

    /// <summary>Stops the VM where it is (SIGSTOP): its connections stay open, and nothing answers.</summary>
    public void Suspend()
    {
        Signals.Suspend(ProcessId);
        _isSuspended = true;
    }

    /// <summary>Lets a suspended VM go on.</summary>
    public void Continue()
    {
        Signals.Continue(ProcessId);
        _isSuspended = false;
    }

    /// <summary>Brings the node back to how tests find it: running, and not suspended.</summary>
    public async Task RestoreAsync()
    {
        if (_isSuspended) Continue();
        if (!IsRunning) await StartAsync();
    }

    /// <summary>Runs rabbitmqctl for this node (some seconds).</summary>
    public Task<string> CtlAsync(params string[] arguments) => RunAsync("rabbitmqctl", arguments);

    /// <summary>Runs one of RabbitMQ's scripts for this node, for example rabbitmq-queues.</summary>
    public Task<string> RunAsync(string script, params string[] arguments) =>
        BrokerInstallation.RunAsync(script, Environment(), Patience, ["-q", .. arguments]);

    /// <summary>The last lines of the node's logs, for the message of a test that fails.</summary>
    public string LogTail(int lines = 40)
    {
        var files = new[] { Path.Join(_folder, "stdout"), Path.Join(_folder, "log", NodeName + ".log") };
        return string.Join(
            '\n', files.Where(File.Exists).Select(file => $"-- {file}\n" + string.Join('\n', ReadLines(file).TakeLast(lines))));
    }

    public override string ToString() => $"{NodeName} on 127.0.0.1:{Port}";

    private static string[] ReadLines(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n');
    }

    // The header of AMQP 0-9-1, to which a broker that has started answers with a method (1).
    private async Task<bool> SpeaksAsync()
    {
        try
        {
            using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, Port, timeout.Token);
            await socket.SendAsync("AMQP\0\0\u0009\u0001"u8.ToArray(), timeout.Token);
            var answer = new byte[1];
            return await socket.ReceiveAsync(answer, timeout.Token) == 1 && answer[0] == 1;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            return false;
        }
    }

    private Dictionary<string, string> Environment() => new()
    {
        ["HOME"] = _yard.Folder,
        ["RABBITMQ_NODENAME"] = NodeName,
        ["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1",
        ["RABBITMQ_CONFIG_FILE"] = Path.Join(_folder, "rabbitmq"),
        ["RABBITMQ_ADVANCED_CONFIG_FILE"] = Path.Join(_folder, "advanced"),
        ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Join(_folder, "plugins"),
        ["RABBITMQ_CONF_ENV_FILE"] = Path.Join(_folder, "env.conf"),
        ["RABBITMQ_MNESIA_BASE"] = Path.Join(_folder, "mnesia"),
        ["RABBITMQ_LOG_BASE"] = Path.Join(_folder, "log"),
        ["RABBITMQ_PID_FILE"] = Path.Join(_folder, "pid"),
        ["RABBITMQ_GENERATED_CONFIG_DIR"] = Path.Join(_folder, "schema"),
        // Two schedulers that never wait busily, and nothing that other machines can reach.
        ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] =
            $"-kernel inet_dist_use_interface {{127,0,0,1}} -setcookie {_yard.Cookie} +S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none",
        ["RABBITMQ_CTL_ERL_ARGS"] = $"-setcookie {_yard.Cookie} +S 1:1",
        ["RABBITMQ_ALLOW_INPUT"] = "1",   // the script becomes the VM, so that there is no process between
        ["RABBITMQ_SERVER_START_ARGS"] = "-noinput",
        ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
        ["ERL_EPMD_PORT"] = _yard.EpmdPort.ToString(CultureInfo.InvariantCulture),
        ["ERL_CRASH_DUMP_BYTES"] = "0",
        ["LC_ALL"] = "C.UTF-8",
    };
}
