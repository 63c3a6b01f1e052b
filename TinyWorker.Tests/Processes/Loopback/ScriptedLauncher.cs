using System.Collections.Concurrent;
using TinyWorker.Processes.Parent.Launching;
using TinyWorker.Processes.Payloads;
using TinyWorker.Processes.Protocol;

namespace TinyWorker.Tests.Processes.Loopback;

/// <summary>Starts children that are threads of this process. They double numbers, unless the script handles a frame itself.</summary>
internal sealed class ScriptedLauncher(ScriptedLauncher.Script script) : IChildLauncher
{
    public static readonly PayloadFormat<int> Numbers = PayloadFormats.For<int>(new JsonPayloadSerializer(), "scripted");

    /// <summary>Gets each frame except the first. If it returns false, the frame is answered as usual.</summary>
    public delegate bool Script(LoopbackChild child, ScriptedLine line, Frame frame);

    /// <summary>All children, in the order of their starts, with those that have ended.</summary>
    public ConcurrentQueue<LoopbackChild> Children { get; } = new();

    public byte[] Describe(Delegate function, string parameterName) => [];

    public Task<ILaunchedChild> StartAsync(ChildStart start, CancellationToken cancellationToken)
    {
        var child = new LoopbackChild(start.Name, Serve);
        Children.Enqueue(child);
        return Task.FromResult<ILaunchedChild>(child);
    }

    private int Serve(LoopbackChild child, ChildSockets sockets)
    {
        var line = new ScriptedLine(sockets);
        _ = line.Receive();
        line.Send(FrameKind.Ready, 0);
        while (true)
        {
            var frame = line.Receive();
            if (script(child, line, frame)) continue;
            if (frame.Kind == FrameKind.Stop) return 0;
            line.Send(FrameKind.Result, frame.Sequence, Numbers, 2 * frame.Read(Numbers));
        }
    }
}
