namespace TinyWorker.Tests.Processes.Troupes;

/// <summary>The ways to make a worker process die. An exception may leave it alive.</summary>
public enum Death
{
    Exception,
    Exit,
    FailFast,
    StackOverflow,
    Sigkill,
    Sigsegv,
}
