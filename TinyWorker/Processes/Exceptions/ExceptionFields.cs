using System.Runtime.CompilerServices;

namespace TinyWorker.Processes.Exceptions;

/// <summary>
/// Two fields of <see cref="Exception"/> that the constructors of a type may not set. Their names are the runtime's own, and have not
/// changed since its first version. If they change, the catches here are reached, and some exceptions come back as <see
/// cref="RemoteWorkerException"/>.
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
            // The caller checks the message.
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
            // The caller checks the inner exception.
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_message")]
    private static extern ref string? Message(Exception exception);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_innerException")]
    private static extern ref Exception? Inner(Exception exception);
}
