using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.ExceptionServices;
using TinyWorker.Processes.Payloads;

namespace TinyWorker.Processes.Exceptions;

/// <summary>
/// Makes an exception again from what was sent of it. It has its own type if one of the constructors gives it the same message and inner
/// exception; otherwise it is a <see cref="RemoteWorkerException"/>. Only exceptions are constructed, whatever type the other process
/// names.
/// </summary>
internal static class ExceptionRebuilder
{
    public static Exception Rebuild(ExceptionRecord record, string troupe, string worker = RemoteWorkerException.WorkerProcess)
    {
        Exception? itself = null;
        Try(() => itself = AsItself(record));
        var exception = itself
            ?? RemoteWorkerException.For(troupe, record.TypeName, record.StackTrace, record.Message, InnerOf(record), worker);
        foreach (var (key, value) in record.Data) Try(() => exception.Data[key] = value);
        // Only an exception that was never thrown can be given a stack trace, and its constructor may have thrown and caught it.
        if (!string.IsNullOrEmpty(record.StackTrace)) Try(() => ExceptionDispatchInfo.SetRemoteStackTrace(exception, record.StackTrace));
        return exception;
    }

    private static Exception? AsItself(ExceptionRecord record)
    {
        if (record.AssemblyQualifiedName is null || FindType(record.AssemblyQualifiedName) is not { } type) return null;
        if (!typeof(Exception).IsAssignableFrom(type) || type.IsAbstract || type.ContainsGenericParameters) return null;
        if (OwnExceptionState.Has(type)) return OwnExceptionState.Rebuild(type, record);
        var shape = ExceptionShape.Of(type);
        foreach (var plan in shape.Constructors)
        {
            // First the message that Exception has: a Message property that adds to it adds the same again. Then the whole message: some
            // types store it themselves.
            if (TryConstruct(plan, record, record.RawMessage, out var exception)
                || TryConstruct(plan, record, record.Message, out exception))
            {
                SetProperties(shape, record, exception);
                return exception;
            }
        }

        return null;
    }

    private static bool TryConstruct(
        ConstructorPlan plan, ExceptionRecord record, string? message, [NotNullWhen(true)] out Exception? exception)
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

    // A message that was cut cannot be compared. The message of an aggregate is made of those of its inner exceptions, which may have been
    // cut or replaced.
    private static bool HasMessageOf(ExceptionRecord record, Exception made) =>
        record.IsCut || made.Message == record.Message
        || (made is AggregateException && ExceptionFields.GetMessage(made) == record.RawMessage);

    private static void SetProperties(ExceptionShape shape, ExceptionRecord record, Exception exception)
    {
        foreach (var property in shape.Settable)
        {
            if (!record.Properties.TryGetValue(property.Name, out var simple)) continue;
            Try(() =>
            {
                var value = SimpleValue.As(property.PropertyType, simple);
                if (!Equals(property.GetValue(exception), value)) property.SetValue(exception, value);
            });
        }
    }

    private static Exception? InnerOf(ExceptionRecord record) => record.Inner.FirstOrDefault();

    [UnconditionalSuppressMessage("Trimming", "IL2057", Justification = "A trimmed type makes the exception a RemoteWorkerException.")]
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "As above.")]
    private static Type? FindType(string assemblyQualifiedName)
    {
        if (!ExceptionLimits.IsNameOfType(assemblyQualifiedName)) return null;
        // The other process may be of another build, whose assemblies have other versions.
        return Find(assemblyQualifiedName) ?? Find(TypeNames.WithoutVersions(assemblyQualifiedName));

        static Type? Find(string name)
        {
            Type? type = null;
            Try(() => type = Type.GetType(name, throwOnError: false));
            // The type may be in an assembly that was not loaded from the program's own folder.
            if (type is null) Try(() => type = Type.GetType(name, LoadedAssembly, typeResolver: null, throwOnError: false));
            return type;
        }
    }

    // A name without a version is that of whatever version is loaded.
    private static Assembly? LoadedAssembly(AssemblyName name) => Array.Find(
        AppDomain.CurrentDomain.GetAssemblies(),
        loaded => name.Version is null ? loaded.GetName().Name == name.Name : loaded.FullName == name.FullName);

    // Runs code of the exception's own type, which may throw anything.
    private static void Try(Action action)
    {
        try
        {
            action();
        }
        catch (Exception)
        {
            // The caller checks the result, and goes on without it.
        }
    }
}

/// <summary>What was sent of one exception. Its inner exceptions are rebuilt already.</summary>
/// <param name="AssemblyQualifiedName">The name by which its type is found; null if it has none.</param>
/// <param name="TypeName">The name of its type, for people.</param>
/// <param name="Message">Its <see cref="Exception.Message"/>.</param>
/// <param name="RawMessage">What its constructor gave to <see cref="Exception"/>; its own Message may add to it. Null if there is none, or
/// it could not be read.</param>
/// <param name="IsCut">Whether a message was cut, so that it cannot be compared.</param>
/// <param name="StackTrace">Null if it was never thrown.</param>
/// <param name="Properties">The properties of its own type that can be set, or given to a constructor, as simple values.</param>
/// <param name="Data">Its <see cref="Exception.Data"/>, as simple values.</param>
/// <param name="Inner">Its inner exception, or those of an <see cref="AggregateException"/>.</param>
internal sealed record ExceptionRecord(
    string? AssemblyQualifiedName,
    string TypeName,
    string Message,
    string? RawMessage,
    bool IsCut,
    string? StackTrace,
    Dictionary<string, object?> Properties,
    List<KeyValuePair<object, object?>> Data,
    Exception[] Inner);
