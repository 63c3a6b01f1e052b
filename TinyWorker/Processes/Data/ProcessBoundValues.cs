using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using System.Reflection;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace TinyWorker.Processes.Data;

/// <summary>Values that mean something only in the process that made them. Each kind has a reason that says what to do instead.</summary>
[RequiresUnreferencedCode(DataReflection.Reason)]
internal static class ProcessBoundValues
{
    public const string Disposable = "it holds something of this process until it is disposed.";
    private const string UnfinishedTask = "a task ends in the process in which it was begun; await it first and capture its result.";

    /// <summary>Why the value cannot be sent, as a sentence; null for a value of none of these kinds.</summary>
    public static string? WhyNot(object value) => value switch
    {
        CancellationToken { CanBeCanceled: false } => null,
        CancellationToken or CancellationTokenSource =>
            "a token cannot be seen across processes; the token of the task comes to the function as its second argument.",
        Delegate => "a function travels as a variable of its own only, not inside of another object.",
        Type => "a Type travels as a variable of its own only, not inside of another object.",
        ILogger or ILoggerFactory => "a logger writes in this process; what the worker writes to its console reaches the troupe's logger.",
        Task or ValueTask => UnfinishedTask,
        Lock or SemaphoreSlim or ReaderWriterLockSlim or WaitHandle or ManualResetEventSlim =>
            "a lock or event holds nobody in another process.",
        Thread or ITimer => "a thread or timer runs in the process in which it was made.",
        nint or nuint or Pointer => "a pointer or handle means nothing in another process.",
        IServiceProvider => "services live in this process.",
        IQueryable or Expression => "a query or expression is code, not data; make its result a list or an array first.",
        MemberInfo or Assembly or Module => "it is a part of the loaded program.",
        _ when value.GetType() == typeof(object) => "it has nothing but its identity (a lock?), which another process does not see.",
        _ => OfGeneric(value.GetType()),
    };

    private static string? OfGeneric(Type type)
    {
        if (type.Namespace == "System.Collections.Concurrent")
            return "it is meant to be shared, and every process would have a copy of its own; capture a plain collection instead.";
        if (Array.Exists(type.GetInterfaces(), part => KnownTypes.IsMadeFrom(part, typeof(ITinyTroupe<,>))))
            return "a troupe lives in this process.";
        for (var part = type; part is not null; part = part.BaseType)
        {
            var definition = part.IsGenericType ? part.GetGenericTypeDefinition() : part;
            if (definition == typeof(TinyFuture<>))
                return "a future ends in this process; await it first and capture its result, or submit it as the input.";
            if (definition == typeof(ValueTask<>)) return UnfinishedTask;
            if (definition == typeof(Channel<,>) || definition == typeof(ChannelReader<>) || definition == typeof(ChannelWriter<>))
                return "a channel ends in this process; the function gets what it needs as its input, and returns what it makes.";
        }

        return null;
    }
}
