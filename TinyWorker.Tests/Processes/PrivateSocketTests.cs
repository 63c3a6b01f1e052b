using System.Diagnostics;
using System.Net.Sockets;
using TinyWorker.Platform;
using TinyWorker.Processes.Parent.Launching;
using TinyWorker.Processes.Protocol;

namespace TinyWorker.Tests.Processes;

internal sealed class PrivateSocketTests
{
    [Test]
    public void Socket_WhileItIsOpen_LiesInAFolderThatOnlyThisUserMayEnter()
    {
        string path;
        using (var socket = ChildListener.Open())
        {
            path = socket.SocketPath;
            const UnixFileMode mine = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
            if (!OperatingSystem.IsWindows()) Assert.That(File.GetUnixFileMode(Path.GetDirectoryName(path)!), Is.EqualTo(mine));
            Assert.That(path, Does.StartWith(Path.GetTempPath()));
        }

        Assert.That(Directory.Exists(Path.GetDirectoryName(path)), Is.False);
    }

    [Test]
    public async Task Socket_WhereTheTemporaryFolderHasTooLongAPath_IsMadeInAShorterOne()
    {
        var folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), new string('l', 80))).FullName;
        await using var child = await Child.StartAsync(EntryPoints.TellSocketPath, with: start => start with
        {
            Environment = new Dictionary<string, string?> { ["TMPDIR"] = folder },
        });
        Assert.That(await child.Told(), Does.StartWith("/tmp/tw-"));
        await child.Exit();
        Directory.Delete(folder, recursive: true);   // the runtime has put a socket of its own there, with a shortened path
    }

    [Test]
    public async Task Socket_WhereTheTemporaryFolderIsNotThere_IsMadeElsewhere()
    {
        await using var child = await Child.StartAsync(EntryPoints.TellSocketPath, with: start => start with
        {
            Environment = new Dictionary<string, string?> { ["TMPDIR"] = "/no/such" },
        });
        Assert.That(await child.Told(), Does.StartWith("/tmp/tw-"));
        await child.Exit();
        Assert.That(Directory.Exists("/no"), Is.False);
    }

    [Test]
    [Platform("Linux")]
    public void Socket_WhereAFolderCannotHoldOne_IsMadeInTheNext()
    {
        using var socket = ChildListener.Open(["/proc", "/no/such", "/tmp"], mayBeAbstract: true);
        Assert.That(socket.SocketPath, Does.StartWith("/tmp/tw-"));
    }

    [Test]
    [Platform("Linux")]
    public async Task Socket_WhereNoFolderCanHoldOne_IsInNoneAndTheChildConnects()
    {
        using var socket = ChildListener.Open(["/proc", "/no/such"], mayBeAbstract: true);
        using var connections = new ChildConnections();
        using var acceptor = new HandshakeAcceptor(socket, connections);
        Assert.That(SocketFolder.IsAbstract(socket.SocketPath));
        var command = ChildCommand.ForThisProgram();
        var start = new ProcessStartInfo(command.File, command.Arguments);
        ChildEnvironment.Put(
            start.Environment, socket.SocketPath, socket.Secret, "clown", ((ChildEntryPoint)EntryPoints.Echo).Method, command.Hook);
        var running = OwnProcess.RunAsync(start, Within.Deadline);
        PollUntil(acceptor, () => connections.AreComplete);
        connections.Data.Shutdown(SocketShutdown.Send);
        var (code, _, errors) = await running;
        Assert.That(code, Is.EqualTo(7), errors);
    }

    [Test]
    [Platform("Linux")]
    public void Socket_ForWhichThereIsNoFileLeft_IsRefusedForThatReason()
    {
        var refusal = new ChildStartException(
            "clown", ChildCommand.ForThisProgram(), "could not be started: Too many open files", exit: null,
            new SocketException((int)SocketError.TooManyOpenSockets));
        Assert.That(refusal.Message, Does.Contain("ulimit -n").And.Not.Contain("TMPDIR"));
    }

    [Test]
    [Platform("Linux")]
    public void Socket_WhereNoFolderCanHoldOne_IsRefusedWithWhatToDo()
    {
        var refusal = Assert.Throws<IOException>(() => ChildListener.Open(["/proc", "/no/such"], mayBeAbstract: false))!;
        Assert.That(
            refusal.Message,
            Does.Contain("/proc: Could not find file").And.Contain("/no/such: there is no such").And.Contain("TMPDIR"));
        Assert.That(refusal.InnerException, Is.Not.Null);
    }

    [Test]
    public void Strangers_ThatConnect_AreTurnedAwayAndTheChildIsNot()
    {
        using var socket = ChildListener.Open();
        using var connections = new ChildConnections();
        using var acceptor = new HandshakeAcceptor(socket, connections);
        var wrong = new byte[Handshake.SecretLength];
        var strangers = new List<Socket>();
        void Stranger(Action<Socket> speak)
        {
            var stranger = Connect(socket);
            strangers.Add(stranger);
            speak(stranger);
        }

        Stranger(stranger => Handshake.Send(new SocketConnection(stranger), wrong, ConnectionRole.Data, false));
        Stranger(stranger => Handshake.Send(new SocketConnection(stranger), socket.Secret, (ConnectionRole)3, false));
        Stranger(stranger => stranger.Send(socket.Secret.AsSpan(0, 5)));   // and sends nothing more
        Stranger(_ => { });
        Stranger(stranger => stranger.Send(new byte[1000]));
        Stranger(stranger => stranger.Dispose());
        Stranger(stranger => stranger.Shutdown(SocketShutdown.Send));
        PollUntil(acceptor, () => strangers.Count(stranger => IsRejected(stranger)) == 5);

        Assert.That(connections.AreComplete, Is.False);
        using var data = Connect(socket);
        using var control = Connect(socket);
        using var lifeline = Connect(socket);
        using var again = Connect(socket);
        Handshake.Send(new SocketConnection(control), socket.Secret, ConnectionRole.Control, true);
        Handshake.Send(new SocketConnection(data), socket.Secret, ConnectionRole.Data, true);
        data.Send("and more"u8);
        PollUntil(acceptor, () => connections.LeadsGroup);
        Handshake.Send(new SocketConnection(again), socket.Secret, ConnectionRole.Control, true);
        Handshake.Send(new SocketConnection(lifeline), socket.Secret, ConnectionRole.Lifeline, true);
        PollUntil(acceptor, () => connections.AreComplete && IsRejected(again));

        var buffer = new byte[100];
        Assert.That(connections.Data.Receive(buffer), Is.EqualTo("and more".Length), "what follows the handshake is the user's");
        control.Send([1, 2]);
        Assert.That(connections.Control.Receive(buffer), Is.EqualTo(2));
        foreach (var stranger in strangers) stranger.Dispose();
    }

    [Test]
    [Platform("Linux")]
    public async Task Child_ForWhoseConnectionThereIsNoHandleLeft_IsNotWaitedFor()
    {
        await using var child = await Child.StartAsync(EntryPoints.TellWhatComesOfNoHandles);
        Assert.That(await child.Told(), Is.EqualTo("TooManyOpenSockets"));
        Assert.That((await child.Exit()).Code, Is.Zero);
    }

    [Test]
    public void Strangers_ThatConnectInGreatNumbers_DoNotKeepTheChildOut()
    {
        using var socket = ChildListener.Open();
        using var connections = new ChildConnections();
        using var acceptor = new HandshakeAcceptor(socket, connections);
        var strangers = Enumerable.Range(0, 100).Select(_ =>
        {
            var stranger = Connect(socket);
            acceptor.Poll(TimeSpan.FromSeconds(1));
            return stranger;
        }).ToArray();
        foreach (var role in Enum.GetValues<ConnectionRole>())
        {
            using var connection = Connect(socket);
            Handshake.Send(new SocketConnection(connection), socket.Secret, role, false);
            acceptor.Poll(TimeSpan.FromSeconds(1));
            acceptor.Poll(TimeSpan.FromSeconds(1));
        }

        Assert.That(connections.AreComplete);
        Assert.That(strangers.Count(IsRejected), Is.GreaterThan(80));
        foreach (var stranger in strangers) stranger.Dispose();
    }

    private static Socket Connect(ChildListener socket)
    {
        var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        connection.Connect(new UnixDomainSocketEndPoint(socket.SocketPath));
        return connection;
    }

    private static void PollUntil(HandshakeAcceptor acceptor, Func<bool> done) => Within.Until(() =>
    {
        acceptor.Poll(TimeSpan.FromMilliseconds(1));
        return done();
    }, "the handshakes to be read");

    private static bool IsRejected(Socket stranger)
    {
        try
        {
            return stranger.Poll(0, SelectMode.SelectRead) && stranger.Receive(new byte[1]) == 0;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return true;
        }
    }
}
