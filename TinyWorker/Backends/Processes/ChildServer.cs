using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using TinyWorker.Backends.Processes.Functions;
using TinyWorker.Backends.Processes.Launching;
using TinyWorker.Backends.Processes.Payloads;
using TinyWorker.Backends.Processes.Wire;

namespace TinyWorker.Backends.Processes;

/// <summary>What a child does from its start to its end: it is told which worker to be, and is it.</summary>
internal static class ChildServer
{

    /// <summary>Serves on the thread that it is called on, which is the worker's own. The result is the exit code.</summary>
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = ProcessWorkers.WasWarned)]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = ProcessWorkers.WasWarned)]
    public static int Serve(ChildSide side) => Serve(side, static bytes => TravellingFunction.Rebuild(bytes));

    /// <inheritdoc cref="Serve(ChildSide)"/>
    /// <param name="side">What connects it to its parent.</param>
    /// <param name="rebuild">Makes a function of what has travelled.</param>
    public static int Serve(ChildSide side, Func<byte[], Delegate> rebuild)
    {
        var connection = new ChildConnection(side.Data);
        if (!connection.TryReceive(out var frame)) return 1;   // the parent has changed its mind
        var start = StartMessage.FromBytes(frame.Read(OwnFormats.Bytes)!);
        IChildServer server;
        try
        {
            server = Make(start, rebuild);
        }
        catch (Exception e)
        {
            var exceptions = PayloadFormat.For<Exception>(new LazyJson(), start.Worker.Troupe);
            connection.Send(FrameKind.StartFailed, 0, exceptions, e);
            return 1;
        }

        return server.Serve(connection, side.Control);
    }

    [UnconditionalSuppressMessage("Trimming", "IL2057", Justification = ProcessWorkers.WasWarned)]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = ProcessWorkers.WasWarned)]
    private static IChildServer Make(StartMessage start, Func<byte[], Delegate> rebuild)
    {
        var serializer = start.Serializer is { } bytes ? ((Func<IPayloadSerializer>)rebuild(bytes))() : new LazyJson();
        var function = rebuild(start.Function);
        var type = typeof(ChildServer<,>).MakeGenericType(Type.GetType(start.Input, throwOnError: true)!, Type.GetType(start.Result, throwOnError: true)!);
        return (IChildServer)Activator.CreateInstance(type, BindingFlags.DoNotWrapExceptions, binder: null, [start, function, serializer], culture: null)!;
    }
}
