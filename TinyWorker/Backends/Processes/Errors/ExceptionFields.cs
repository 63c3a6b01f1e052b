using System.Runtime.CompilerServices;

namespace TinyWorker.Backends.Processes.Errors;

/// <summary>
/// Two fields of <see cref="Exception"/> that no constructor of a given type may lead to. The names are the runtime's own and have been
/// these since its beginning; should they change, some exceptions come back as <see cref="RemoteWorkerException"/>, and no harm is done: that is
/// what the catches are for, which nothing reaches until then.
/// </summary>
internal static class ExceptionFields
{
    public static string? GetMessage(Exception exception)
    {
        try
        {
            return Message(exception);
        }
        catch (MissingFieldException)
        {
            return null;
        }
    }

    public static void SetMessage(Exception exception, string? message)
    {
        try
        {
            Message(exception) = message;
        }
        catch (MissingFieldException)
        {
            // Whoever set it looks whether it helped.
        }
    }

    public static void SetInnerException(Exception exception, Exception? inner)
    {
        try
        {
            Inner(exception) = inner;
        }
        catch (MissingFieldException)
        {
            // As above.
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_message")]
    private static extern ref string? Message(Exception exception);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_innerException")]
    private static extern ref Exception? Inner(Exception exception);
}
