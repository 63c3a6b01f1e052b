using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using TinyWorker.Platform;
using TinyWorker.Processes.Child;
using TinyWorker.Processes.Payloads;
using TinyWorker.Processes.Protocol;

namespace TinyWorker.Tests.Processes;

/// <summary>What each kind of connection does. The other end is a socket of .NET.</summary>
[TestFixture(false)]
[TestFixture(true)]
internal sealed class LocalConnectionTests(bool ofLinux)
{
    private static readonly PayloadFormat<byte[]?> Bytes = PayloadFormats.Bytes;
    private static readonly PayloadFormat<long> Numbers = PayloadFormats.Number;

    private string _path = "";
    private Socket _listener = null!;
    private LocalConnection _near = null!;
    private Socket _far = null!;

    [SetUp]
    public void Connect()
    {
        if (ofLinux && !OperatingSystem.IsLinux()) Assert.Ignore("This kind of connection is of Linux.");
        _path = Path.Combine(Path.GetTempPath(), $"tiny-{Guid.NewGuid():N}");
        _listener = Listener(_path);
        _near = To(_path);
        _far = _listener.Accept();
    }

    [TearDown]
    public void Close()
    {
        _near?.Dispose();
        _far?.Dispose();
        _listener?.Dispose();
        File.Delete(_path);
    }

    [Test]
    public void Bytes_OfBothSides_ArriveInOrder()
    {
        _near.SendAll([1, 2, 3]);
        Span<byte> bytes = stackalloc byte[10];
        Assert.That(_far.Receive(bytes), Is.EqualTo(3));
        _far.Send([4, 5]);
        Assert.That(_near.WaitToReceive(Timeout.InfiniteTimeSpan), Is.True);
        Assert.That(_near.Receive(bytes[..1]), Is.EqualTo(1));
        Assert.That(_near.Receive(bytes[1..]), Is.EqualTo(1));
        Assert.That(bytes[..2].ToArray(), Is.EqualTo(new byte[] { 4, 5 }));
    }

    [Test]
    public void Frame_ThatIsLargerThanTheBufferOfTheSystem_ArrivesWhole()
    {
        var array = new byte[20_000_000];
        new Random(1).NextBytes(array);
        using var writer = new FrameWriter();
        writer.Write(FrameKind.Result, 1, Bytes, array);
        var sending = Task.Run(() => FrameSocket.Send(_near, writer));
        var reader = new FrameReader(FrameDirection.ToParent);
        Frame frame;
        using (var far = new SocketConnection(_far))
            while (!reader.TryRead(out frame)) Assert.That(FrameSocket.Receive(far, reader), Is.True);
        Assert.That(frame.Read(Bytes).AsSpan().SequenceEqual(array), Is.True);
        Within.Time(sending, "the end of the sender").Wait();
    }

    [Test]
    public void Wait_WhereNothingComes_EndsWithTheTimeout()
    {
        Assert.That(_near.WaitToReceive(TimeSpan.Zero), Is.False);
        Assert.That(_near.WaitToReceive(TimeSpan.FromMilliseconds(20)), Is.False);
        Assert.That(_near.HasEnded, Is.False);
    }

    [Test]
    public void End_OfTheOtherSide_IsSeenBehindWhatItHasSent()
    {
        _far.Send([7]);
        _far.Dispose();
        Assert.That(_near.WaitToReceive(TimeSpan.Zero), Is.True);
        Assert.That(_near.HasEnded, Is.False, "there is a byte to receive");
        Assert.That(_near.Receive(new byte[10]), Is.EqualTo(1));
        Assert.That(_near.HasEnded, Is.True);
        Assert.That(_near.WaitToReceive(TimeSpan.Zero), Is.True);
        Assert.That(_near.Receive(new byte[10]), Is.Zero);
    }

    [Test]
    public void Send_ToASideThatIsGone_ThrowsTheErrorOfASocket()
    {
        _far.Dispose();
        var error = Assert.Throws<SocketException>(() => _near.Send([1]))!;
        Assert.That(error.SocketErrorCode, Is.EqualTo(SocketError.Shutdown));
        Assert.That(LocalConnection.HasFailed(error));
    }

    [Test]
    public void Receive_FromASideThatEndedWithUnreadBytes_ThrowsTheErrorOfASocket()
    {
        _near.SendAll([1]);
        _far.Dispose();
        var error = Assert.Throws<SocketException>(() => _near.Receive(new byte[1]))!;
        Assert.That(error.SocketErrorCode, Is.EqualTo(SocketError.ConnectionReset));
    }

    [Test]
    public void EndOfSending_IsSeenByTheOtherSide_WhichCanStillSend()
    {
        _near.SendAll([1]);
        _near.EndSending();
        Assert.That(_far.Receive(new byte[10]), Is.EqualTo(1));
        Assert.That(_far.Receive(new byte[10]), Is.Zero);
        _far.Send([2]);
        Assert.That(_near.Receive(new byte[10]), Is.EqualTo(1));
    }

    [Test]
    public void Disposal_WhileAnotherThreadReceives_EndsThatWait()
    {
        // Each round leaves the receiver more time to block: so both come first.
        for (var round = 0; round < 20; round++)
        {
            using var near = To(_path);
            using var far = _listener.Accept();
            Exception? thrown = null;
            var received = -1;
            using var begins = new ManualResetEventSlim();
            var receiver = new Thread(() =>
            {
                begins.Set();
                try
                {
                    received = near.Receive(new byte[1]);
                }
                catch (Exception e)
                {
                    thrown = e;
                }
            });
            receiver.Start();
            Assert.That(begins.Wait(Within.Deadline));
            for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began).TotalMilliseconds < round;) Thread.Yield();
            near.Dispose();
            Assert.That(receiver.Join(Within.Deadline), Is.True);
            Assert.That(received == 0 || LocalConnection.HasFailed(thrown!), $"{received}, {thrown}");
            Assert.That(far.Receive(new byte[1]), Is.Zero);
        }
    }

    [Test]
    public void Use_AfterTheDisposal_Throws()
    {
        _near.Dispose();
        _near.Dispose();
        Assert.That(_near.HasEnded, Is.True);
        Assert.Throws<ObjectDisposedException>(() => _near.Receive(new byte[1]));
        Assert.Throws<ObjectDisposedException>(() => _near.Send([1]));
        Assert.Throws<ObjectDisposedException>(() => _near.WaitToReceive(TimeSpan.Zero));
        Assert.Throws<ObjectDisposedException>(() => _near.EndSending());
    }

    [Test]
    public void Loss_IsToldByTheConnectionToTheParent_AndNotThrown()
    {
        var connection = new ParentConnection(_near);
        _far.Dispose();
        connection.Send(FrameKind.Result, 1, Numbers, 1);   // nobody to send it to
        Assert.That(connection.TryReceive(out _), Is.False);
        connection.Send(FrameKind.Stopping, 0);
        connection.EndSending();
    }

    [TestCase(true, SocketError.ConnectionRefused)]
    [TestCase(false, SocketError.AddressNotAvailable)]
    public void Path_WhereNobodyListens_IsRefusedAndNamed(bool isThere, SocketError code)
    {
        var path = Path.Combine(Path.GetTempPath(), $"tiny-{Guid.NewGuid():N}");
        if (isThere) File.WriteAllText(path, "");
        var error = Assert.Throws<SocketException>(() => To(path))!;
        File.Delete(path);
        if (OperatingSystem.IsLinux()) Assert.That(error.SocketErrorCode, Is.EqualTo(code));
        Assert.That(error.Message, Does.EndWith(path));
    }

    [Test]
    [Platform("Linux")]
    public void Listener_InNoFolder_IsReachedByItsNameAlone()
    {
        var name = SocketFolder.NewAbstractName();
        using var listener = Listener(name);
        using var near = To(name);
        using var far = listener.Accept();
        near.SendAll([1]);
        Assert.That(far.Receive(new byte[2]), Is.EqualTo(1));
        Assert.That(near.IsOfThisUser, Is.True);
        var error = Assert.Throws<SocketException>(() => To(name + "0"))!;
        Assert.That(error.Message, Does.Contain("@tinyworker-"));
    }

    [Test]
    [Platform("Linux")]
    public void Connection_IsInheritedByNoProgramThatIsStarted()
    {
        var before = OpenFiles();
        using var near = To(_path);
        var added = OpenFiles().Except(before).ToArray();
        Assert.That(added, Is.Not.Empty);
        Assert.That(HostSystem.Current.InheritableFiles().Select(file => file.Split(' ')[0]), Has.None.AnyOf(added));

        static string[] OpenFiles() =>
            [.. Directory.GetFiles("/proc/self/fd").Where(file => new FileInfo(file).LinkTarget?.StartsWith("socket:") == true)
                .Select(file => Path.GetFileName(file)!)];
    }

    [Test]
    [Platform("Linux")]
    [SupportedOSPlatform("linux")]
    public void Credentials_OfAnotherUser_AreRefused()
    {
        int[] own = [1, (int)UserOf(_far), 0];
        int[] other = [1, own[1] + 1, 0];
        Assert.That(LinuxConnection.AreOfThisUser(MemoryMarshal.AsBytes<int>(own)), Is.True);
        Assert.That(LinuxConnection.AreOfThisUser(MemoryMarshal.AsBytes<int>(other)), Is.False);
        Assert.That(LinuxConnection.AreOfThisUser([]), Is.True, "the system does not tell");

        static uint UserOf(Socket socket)
        {
            Span<byte> credentials = stackalloc byte[12];
            Assert.That(socket.GetRawSocketOption(1, 17, credentials), Is.EqualTo(12));
            return BitConverter.ToUInt32(credentials[4..]);
        }
    }

    private LocalConnection To(string path) => ofLinux ? ToOfLinux(path) : SocketConnection.To(path);

#pragma warning disable CA1416 // Only on Linux: see Connect.
    private static LocalConnection ToOfLinux(string path) => LinuxConnection.To(path);
#pragma warning restore CA1416

    private static Socket Listener(string path)
    {
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(4);
        return listener;
    }
}
