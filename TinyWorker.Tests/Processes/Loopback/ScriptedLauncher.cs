using System.Collections.Concurrent;
using TinyWorker.Backends.Processes;
using TinyWorker.Backends.Processes.Launching;
using TinyWorker.Backends.Processes.Payloads;
using TinyWorker.Backends.Processes.Wire;

namespace TinyWorker.Tests.Processes.Loopback;

/// <summary>Children of this process that double numbers, until the script takes a task upon itself.</summary>
internal sealed class ScriptedLauncher(ScriptedLauncher.Script script) : IChildLauncher
{
    public static readonly PayloadFormat<int> Numbers = PayloadFormat.For<int>(new JsonPayloadSerializer(), "scripted");

    /// <summary>Gets each frame but the first; false leaves it to be answered as usual.</summary>
    public delegate bool Script(LoopbackChild child, ScriptedLine line, Frame frame);

    /// <summary>All children, in the order in which they were started; those that have ended, too.</summary>
    public ConcurrentQueue<LoopbackChild> Children { get; } = new();

    public byte[] Describe(Delegate function, string parameterName) => [];

    public Task<ILaunchedChild> StartAsync(ChildStart start, CancellationToken cancellationToken)
    {
        var child = new LoopbackChild(start.Name, Serve);
        Children.Enqueue(child);
        return Task.FromResult<ILaunchedChild>(child);
    }

    private int Serve(LoopbackChild child, ChildSide side)
    {
        var line = new ScriptedLine(side);
        _ = line.Hear();
        line.Say(FrameKind.Ready, 0);
        while (true)
        {
            var frame = line.Hear();
            if (script(child, line, frame)) continue;
            if (frame.Kind == FrameKind.Stop) return 0;
            line.Say(FrameKind.Result, frame.Sequence, Numbers, 2 * frame.Read(Numbers));
        }
    }
}
