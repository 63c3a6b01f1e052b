using System.Net.Sockets;
using TinyWorker.Backends.Processes.Launching;

namespace TinyWorker.Tests.Processes;

internal sealed class PrivateSocketTests
{
    [Test]
    public void Socket_WhileItIsOpen_LiesInAFolderThatOnlyThisUserMayEnter()
    {
        string path;
        using (var socket = PrivateSocket.Open())
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
        await using var child = await Child.StartAsync(Serves.TellSocketPath, with: start => start with
        {
            Environment = new Dictionary<string, string?> { ["TMPDIR"] = folder },
        });
        Assert.That(await child.Told(), Does.StartWith("/tmp/tw-"));
        await child.Exit();
        Directory.Delete(folder, recursive: true);   // where the runtime has put a socket of its own, whose path it cuts
    }

    [Test]
    public async Task Socket_WhereTheTemporaryFolderIsNotThere_IsMadeElsewhere()
    {
        await using var child = await Child.StartAsync(Serves.TellSocketPath, with: start => start with
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
        using var socket = PrivateSocket.OpenIn(["/proc", "/no/such", "/tmp"]);
        Assert.That(socket.SocketPath, Does.StartWith("/tmp/tw-"));
    }

    [Test]
    [Platform("Linux")]
    public void Socket_WhereNoFolderCanHoldOne_IsRefusedWithWhatToDo()
    {
        var refusal = Assert.Throws<IOException>(() => PrivateSocket.OpenIn(["/proc", "/no/such"]))!;
        Assert.That(refusal.Message, Does.Contain("/proc or /no/such").And.Contain("TMPDIR"));
        Assert.That(refusal.InnerException, Is.Not.Null);
    }

    [Test]
    public void Strangers_ThatConnect_AreTurnedAwayAndTheChildIsNot()
    {
        using var socket = PrivateSocket.Open();
        using var connections = new Connections();
        using var receptionist = new Receptionist(socket, connections);
        var wrong = new byte[Hello.SecretLength];
        var strangers = new List<Socket>();
        void Stranger(Action<Socket> speak)
        {
            var stranger = Connect(socket);
            strangers.Add(stranger);
            speak(stranger);
        }

        Stranger(stranger => Hello.Say(stranger, wrong, ConnectionRole.Data, false));
        Stranger(stranger => Hello.Say(stranger, socket.Secret, (ConnectionRole)3, false));
        Stranger(stranger => stranger.Send(socket.Secret.AsSpan(0, 5)));   // and says no more
        Stranger(_ => { });
        Stranger(stranger => stranger.Send(new byte[1000]));
        Stranger(stranger => stranger.Dispose());
        Stranger(stranger => stranger.Shutdown(SocketShutdown.Send));
        Attend(receptionist, () => strangers.Count(stranger => IsTurnedAway(stranger)) == 5);

        Assert.That(connections.AreComplete, Is.False);
        using var data = Connect(socket);
        using var control = Connect(socket);
        using var lifeline = Connect(socket);
        using var again = Connect(socket);
        Hello.Say(control, socket.Secret, ConnectionRole.Control, true);
        Hello.Say(data, socket.Secret, ConnectionRole.Data, true);
        data.Send("and more"u8);
        Attend(receptionist, () => connections.LeadsGroup);
        Hello.Say(again, socket.Secret, ConnectionRole.Control, true);
        Hello.Say(lifeline, socket.Secret, ConnectionRole.Lifeline, true);
        Attend(receptionist, () => connections.AreComplete && IsTurnedAway(again));

        var buffer = new byte[100];
        Assert.That(connections.Data.Receive(buffer), Is.EqualTo("and more".Length), "what follows the hello is the user's");
        control.Send([1, 2]);
        Assert.That(connections.Control.Receive(buffer), Is.EqualTo(2));
        foreach (var stranger in strangers) stranger.Dispose();
    }

    [Test]
    [Platform("Linux")]
    public async Task Child_ForWhoseConnectionThereIsNoHandleLeft_IsNotWaitedFor()
    {
        await using var child = await Child.StartAsync(Serves.TellWhatComesOfNoHandles);
        Assert.That(await child.Told(), Is.EqualTo("TooManyOpenSockets"));
        Assert.That((await child.Exit()).Code, Is.Zero);
    }

    [Test]
    public void Strangers_ThatConnectInGreatNumbers_DoNotKeepTheChildOut()
    {
        using var socket = PrivateSocket.Open();
        using var connections = new Connections();
        using var receptionist = new Receptionist(socket, connections);
        var strangers = Enumerable.Range(0, 100).Select(_ =>
        {
            var stranger = Connect(socket);
            receptionist.Attend(TimeSpan.FromSeconds(1));
            return stranger;
        }).ToArray();
        foreach (var role in Enum.GetValues<ConnectionRole>())
        {
            using var connection = Connect(socket);
            Hello.Say(connection, socket.Secret, role, false);
            receptionist.Attend(TimeSpan.FromSeconds(1));
            receptionist.Attend(TimeSpan.FromSeconds(1));
        }

        Assert.That(connections.AreComplete);
        Assert.That(strangers.Count(IsTurnedAway), Is.GreaterThan(80));
        foreach (var stranger in strangers) stranger.Dispose();
    }

    private static Socket Connect(PrivateSocket socket)
    {
        var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        connection.Connect(new UnixDomainSocketEndPoint(socket.SocketPath));
        return connection;
    }

    private static void Attend(Receptionist receptionist, Func<bool> done) => Within.Until(() =>
    {
        receptionist.Attend(TimeSpan.FromMilliseconds(1));
        return done();
    }, "the visitors to be heard");

    private static bool IsTurnedAway(Socket stranger)
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
