namespace TinyWorker.Tests.Processes.Troupes;

/// <summary>The ways in which a worker process is made to die. By an exception it need not.</summary>
public enum Death
{
    Exception,
    Exit,
    FailFast,
    StackOverflow,
    Sigkill,
    Sigsegv,
}
