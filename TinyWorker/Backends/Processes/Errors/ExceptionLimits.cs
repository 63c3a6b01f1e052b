namespace TinyWorker.Backends.Processes.Errors;

/// <summary>How much of an exception travels. What is beyond is cut, as is an exception that is its own inner one.</summary>
internal static class ExceptionLimits
{
    public const int Depth = 100;              // inner exceptions of inner exceptions
    public const int Exceptions = 1000;        // in all
    public const int TextLength = 64 * 1024;   // characters of a message, of a stack trace, of an entry of Data
    public const int AllTexts = 1024 * 1024;   // characters of all of them
    public const int DataEntries = 1000;       // in all
}
