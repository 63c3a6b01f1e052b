using System.Collections.Concurrent;
using TinyWorker.Processes.Child;
using TinyWorker.Processes.Parent.Launching;

namespace TinyWorker.Tests.Processes.Loopback;

/// <summary>
/// Starts children that are threads of this process. Everything between parent and child is as with processes: the sockets, the frames, the
/// loops. Functions, and values that would be sent as JSON, are sent as references: so the contract's tests, whose bodies share gates and
/// lists with the test, run over the wire.
/// </summary>
internal sealed class LoopbackLauncher : IChildLauncher
{
    public byte[] Describe(Delegate function, string parameterName) => References.Put(function);

    private readonly ConcurrentBag<LoopbackChild> _children = [];

    /// <summary>How many of its children have not ended.</summary>
    public int Living => _children.Count(child => !child.Exited.IsCompleted);

    /// <summary>All children, in no order, with those that have ended.</summary>
    public IReadOnlyCollection<ILaunchedChild> Children => _children;

    /// <summary>Waits for the threads of all children, those that were killed included.</summary>
    public void Join()
    {
        foreach (var child in _children) Within.Until(() => !child.IsRunning, "the end of a child's thread");
    }

    public Task<ILaunchedChild> StartAsync(ChildStart start, CancellationToken cancellationToken)
    {
        var child = new LoopbackChild(
            start.Name, static (_, sockets) => WorkerServer.Serve(sockets, static name => (Delegate)References.Get(name)));
        _children.Add(child);
        return Task.FromResult<ILaunchedChild>(child);
    }

    /// <summary>Objects, and the names by which they are sent.</summary>
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

        public static object Take(ReadOnlySpan<byte> name) =>
            Known.TryRemove(new Guid(name), out var value) ? value : throw new KeyNotFoundException();
    }

    /// <summary>Sends references.</summary>
    public sealed class ByReference : IPayloadSerializer
    {
        private static readonly object Null = new();

        public void Serialize<T>(T value, System.Buffers.IBufferWriter<byte> writer)
        {
            var name = References.Put(value is null ? Null : value);
            name.CopyTo(writer.GetSpan(name.Length));
            writer.Advance(name.Length);
        }

        public T Deserialize<T>(ReadOnlyMemory<byte> payload) =>
            References.Take(payload.Span) is var value && value != Null ? (T)value : default!;
    }
}
