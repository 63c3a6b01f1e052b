using System.Collections.Concurrent;
using System.Net.Sockets;
using TinyWorker.Backends.Processes;
using TinyWorker.Backends.Processes.Launching;

namespace TinyWorker.Tests.Processes.Loopback;

/// <summary>
/// Children that are threads of this process, with everything between parent and child as it is with processes: the sockets, the frames,
/// the loops. Functions, and values that JSON would have to carry, go by reference: so the contract's tests, whose bodies share gates and
/// lists with the test, run over the wire.
/// </summary>
internal sealed class LoopbackLauncher : IChildLauncher
{
    public byte[] Describe(Delegate function, string parameterName) => References.Put(function);

    private readonly ConcurrentBag<Child> _children = [];

    /// <summary>How many of the children that it started have not ended.</summary>
    public int Living => _children.Count(child => !child.Exited.IsCompleted);

    /// <summary>All children, in no order; those that have ended, too.</summary>
    public IReadOnlyCollection<ILaunchedChild> Children => _children;

    public Task<ILaunchedChild> StartAsync(ChildStart start, CancellationToken cancellationToken)
    {
        var child = new Child(start);
        _children.Add(child);
        return Task.FromResult<ILaunchedChild>(child);
    }

    /// <summary>Objects, and the names that they go by.</summary>
    private static class References
    {
        private static readonly ConcurrentDictionary<Guid, object> Known = new();

        public static byte[] Put(object value)
        {
            var name = Guid.NewGuid();
            Known[name] = value;
            return name.ToByteArray();
        }

        public static object Get(ReadOnlySpan<byte> name) => Known[new Guid(name)];

        public static object Take(ReadOnlySpan<byte> name) => Known.TryRemove(new Guid(name), out var value) ? value : throw new KeyNotFoundException();
    }

    /// <summary>Carries references.</summary>
    public sealed class ByReference : IPayloadSerializer
    {
        private static readonly object Null = new();

        public void Serialize<T>(T value, System.Buffers.IBufferWriter<byte> writer)
        {
            var name = References.Put(value is null ? Null : value);
            name.CopyTo(writer.GetSpan(name.Length));
            writer.Advance(name.Length);
        }

        public T Deserialize<T>(ReadOnlyMemory<byte> payload) => References.Take(payload.Span) is var value && value != Null ? (T)value : default!;
    }

    private sealed class Child : ILaunchedChild
    {
        private static int _ids;

        private readonly Socket _childsData;
        private readonly Socket _childsControl;
        private readonly TaskCompletionSource<ChildExit> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Child(ChildStart start)
        {
            (Data, _childsData) = Connected();
            (Control, _childsControl) = Connected();
            new Thread(() =>
            {
                try
                {
                    End(ChildServer.Serve(new ChildSide(start.Name, _childsData, _childsControl), static name => (Delegate)References.Get(name)), null);
                }
                catch (Exception e) when (e is ObjectDisposedException or SocketException)
                {
                    // Killed.
                }
            }) { Name = start.Name, IsBackground = true }.UnsafeStart();
        }

        public Socket Data { get; }

        public Socket Control { get; }

        public int ProcessId { get; } = -Interlocked.Increment(ref _ids);

        public long ResidentBytes => 1;

        public Task<ChildExit> Exited => _exited.Task;

        public void EndStart()
        {
        }

        public void Kill() => End(137, "SIGKILL");

        public async ValueTask DisposeAsync()
        {
            Kill();
            await Exited;
            Data.Dispose();
            Control.Dispose();
        }

        private void End(int code, string? signal)
        {
            if (!_exited.TrySetResult(new ChildExit(ProcessId, code, signal, []))) return;
            _childsData.Dispose();
            _childsControl.Dispose();
        }

        private static (Socket, Socket) Connected()
        {
            var path = Path.Combine(Path.GetTempPath(), "tw-" + Guid.NewGuid().ToString("N")[..12]);
            using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            listener.Bind(new UnixDomainSocketEndPoint(path));
            listener.Listen(1);
            var one = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            one.Connect(new UnixDomainSocketEndPoint(path));
            var other = listener.Accept();
            File.Delete(path);
            return (one, other);
        }
    }
}
