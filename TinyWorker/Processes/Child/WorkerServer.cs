using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using TinyWorker.Platform;
using TinyWorker.Processes.Data;
using TinyWorker.Processes.Functions;
using TinyWorker.Processes.Protocol;

namespace TinyWorker.Processes.Child;

/// <summary>The entry point of a child: it receives the description of its worker, and serves that worker to the end.</summary>
internal static class WorkerServer
{
    /// <summary>Serves on the calling thread, which is the worker's own. The result is the exit code.</summary>
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = TravellingFunction.WasWarned)]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = TravellingFunction.WasWarned)]
    public static int Serve(ChildSockets sockets) => Serve(sockets, static bytes => TravellingFunction.Rebuild(bytes), PrepareProcess);

    /// <inheritdoc cref="Serve(ChildSockets)"/>
    /// <param name="sockets">The connections to the parent.</param>
    /// <param name="rebuild">Makes a function of the bytes that describe it.</param>
    /// <param name="prepare">Gets the worker's description and its function before the worker is made; null for nothing.</param>
    public static int Serve(ChildSockets sockets, Func<byte[], Delegate> rebuild, Action<StartMessage, Delegate>? prepare = null)
    {
        var connection = new ParentConnection(sockets.Data);
        if (!connection.TryReceive(out var frame)) return 1;   // the parent no longer wants a worker
        var start = StartMessage.FromBytes(frame.Read(PayloadFormats.Bytes)!);
        IWorkerServer server;
        try
        {
            server = Make(start, rebuild, prepare);
        }
        catch (Exception e)
        {
            var exceptions = PayloadFormats.For<Exception>(new LazyJson(), start.Worker.Troupe);
            connection.Send(FrameKind.StartFailed, 0, exceptions, e);
            return 1;
        }

        return server.Serve(connection, sockets.Control);
    }

    private static void PrepareProcess(StartMessage start, Delegate function)
    {
        if (start.Culture is { } culture) CultureInfo.DefaultThreadCurrentCulture = culture;
        if (start.UICulture is { } language) CultureInfo.DefaultThreadCurrentUICulture = language;
        StaticTroupes.Inherit(start.StaticTroupes, function);
    }

    [UnconditionalSuppressMessage("Trimming", "IL2057", Justification = TravellingFunction.WasWarned)]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = TravellingFunction.WasWarned)]
    private static IWorkerServer Make(StartMessage start, Func<byte[], Delegate> rebuild, Action<StartMessage, Delegate>? prepare)
    {
        var function = rebuild(start.Function);
        prepare?.Invoke(start, function);   // before any code of the user's runs
        var serializer = start.Serializer is { } bytes ? ((Func<IPayloadSerializer>)rebuild(bytes))() : new LazyJson();
        var input = Type.GetType(start.Input, throwOnError: true)!;
        var result = Type.GetType(start.Result, throwOnError: true)!;
        var type = typeof(WorkerServer<,>).MakeGenericType(input, result);
        object[] arguments = [start, function, serializer];
        return (IWorkerServer)Activator.CreateInstance(type, BindingFlags.DoNotWrapExceptions, binder: null, arguments, culture: null)!;
    }
}

/// <summary>A <see cref="WorkerServer{TIn, TOut}"/>, whatever its types.</summary>
internal interface IWorkerServer
{
    /// <summary>Runs task after task until the parent says to stop, or is gone. The result is the exit code.</summary>
    int Serve(ParentConnection connection, LocalConnection control);
}
