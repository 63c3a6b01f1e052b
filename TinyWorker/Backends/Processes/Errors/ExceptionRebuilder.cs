using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;
using TinyWorker.Backends.Processes.Payloads;

namespace TinyWorker.Backends.Processes.Errors;

/// <summary>
/// Makes an exception of what travelled of it: of its own type if one of its constructors gives it the same message and inner exception,
/// else a <see cref="RemoteWorkerException"/>. Nothing but exceptions is ever constructed, whatever type the other process names.
/// </summary>
internal static class ExceptionRebuilder
{
    public static Exception Rebuild(ExceptionRecord record, string troupe)
    {
        Exception? itself = null;
        Try(() => itself = AsItself(record));
        var exception = itself ?? RemoteWorkerException.For(troupe, record.TypeName, record.StackTrace, record.Message, InnerOf(record));
        foreach (var (key, value) in record.Data) Try(() => exception.Data[key] = value);
        // Only one that was never thrown may be given a stack trace, and a constructor of its own may do anything.
        if (!string.IsNullOrEmpty(record.StackTrace)) Try(() => ExceptionDispatchInfo.SetRemoteStackTrace(exception, record.StackTrace));
        return exception;
    }

    private static Exception? AsItself(ExceptionRecord record)
    {
        if (record.AssemblyQualifiedName is null || FindType(record.AssemblyQualifiedName) is not { } type) return null;
        if (!typeof(Exception).IsAssignableFrom(type) || type.IsAbstract || type.ContainsGenericParameters) return null;
        var shape = ExceptionShape.Of(type);
        foreach (var plan in shape.Constructors)
        {
            // What was given to Exception goes first: an own Message that adds to it adds it again. Some types keep the whole one themselves.
            if (TryConstruct(plan, record, record.RawMessage, out var exception) || TryConstruct(plan, record, record.Message, out exception))
            {
                SetProperties(shape, record, exception);
                return exception;
            }
        }

        return null;
    }

    private static bool TryConstruct(ConstructorPlan plan, ExceptionRecord record, string? message, [NotNullWhen(true)] out Exception? exception)
    {
        Exception? itself = null;
        Try(() =>
        {
            var made = plan.Construct(record, message);
            if (made.InnerException != InnerOf(record)) ExceptionFields.SetInnerException(made, InnerOf(record));
            if (made.Message != record.Message) ExceptionFields.SetMessage(made, record.RawMessage);
            if (HasMessageOf(record, made) && made.InnerException == InnerOf(record)) itself = made;
        });
        exception = itself;
        return itself is not null;
    }

    // Of a message that was cut nothing can be said; that of an aggregate is made of those of its inner exceptions, which may have been cut,
    // or be other ones as they could not be rebuilt.
    private static bool HasMessageOf(ExceptionRecord record, Exception made) =>
        record.IsCut || made.Message == record.Message || (made is AggregateException && ExceptionFields.GetMessage(made) == record.RawMessage);

    private static void SetProperties(ExceptionShape shape, ExceptionRecord record, Exception exception)
    {
        foreach (var property in shape.Settable)
        {
            if (!record.Properties.TryGetValue(property.Name, out var scalar)) continue;
            Try(() =>
            {
                var value = Scalar.As(property.PropertyType, scalar);
                if (!Equals(property.GetValue(exception), value)) property.SetValue(exception, value);
            });
        }
    }

    private static Exception? InnerOf(ExceptionRecord record) => record.Inner.FirstOrDefault();

    [UnconditionalSuppressMessage("Trimming", "IL2057", Justification = "What was trimmed away makes the exception a RemoteWorkerException.")]
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "As above.")]
    private static Type? FindType(string assemblyQualifiedName)
    {
        Type? type = null;
        Try(() => type = Type.GetType(assemblyQualifiedName, throwOnError: false));
        // One of an assembly that was loaded from elsewhere than where the program's own are.
        if (type is null)
        {
            Try(() => type = Type.GetType(
                assemblyQualifiedName,
                name => Array.Find(AppDomain.CurrentDomain.GetAssemblies(), loaded => loaded.FullName == name.FullName),
                typeResolver: null,
                throwOnError: false));
        }

        return type;
    }

    // Around code of the exception's own type.
    private static void Try(Action action)
    {
        try
        {
            action();
        }
        catch (Exception)
        {
            // Whoever called looks whether it did what it should; if not, that is done without.
        }
    }
}
