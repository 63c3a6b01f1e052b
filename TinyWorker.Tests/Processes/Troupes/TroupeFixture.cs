namespace TinyWorker.Tests.Processes.Troupes;

/// <summary>Each test has a folder for the files of its workers, and leaves no process behind.</summary>
[NonParallelizable]   // the children of this process
[Platform("Linux", Reason = "What is seen of processes is seen in /proc.")]
internal abstract class TroupeFixture
{
    private static readonly Death[] Common = [Death.Exception, Death.Exit, Death.Sigkill];

    /// <summary>Every death but the exception. The rare ones are long tests.</summary>
    protected static IEnumerable<TestCaseData> Deadly => EveryDeadly.Select(RareIsLong);

    /// <summary>The exception, and every death. The rare ones are long tests.</summary>
    protected static IEnumerable<TestCaseData> All => EveryDeadly.Prepend(Death.Exception).Select(RareIsLong);

    /// <summary>Every death but the exception.</summary>
    protected static Death[] EveryDeadly { get; } = [Death.Exit, Death.FailFast, Death.StackOverflow, Death.Sigkill, Death.Sigsegv];

    private DirectoryInfo _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("tinyworker-troupes-");

    [TearDown]
    public void CheckThatNothingIsLeft()
    {
        _folder.Delete(recursive: true);
        try
        {
            Within.Until(() => ProcessTable.Children().Length == 0, "the end of all children");
        }
        finally
        {
            foreach (var left in ProcessTable.Children()) Deaths.Kill(left);   // so that the next test does not find it
        }
    }

    private static TestCaseData RareIsLong(Death death)
    {
        var test = new TestCaseData(death);
        return Common.Contains(death) ? test : test.SetCategory(LongTests.Category);
    }

    /// <summary>A file that a worker waits for, or writes.</summary>
    protected string File(string name) => Path.Combine(_folder.FullName, name);

    /// <summary>An empty folder for notes.</summary>
    protected string Ledger() => _folder.CreateSubdirectory("ledger").FullName;

    protected static void Open(string gate) => System.IO.File.WriteAllText(gate, "");

    protected static async Task<T> Fault<T>(TinyFuture<int> future)
        where T : Exception
    {
        await Within.Time(((Task)future.AsTask()).ContinueWith(static _ => { }, TaskScheduler.Default), "the end of a task");
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Faulted), future.ToString());
        Assert.That(future.Exception, Is.InstanceOf<T>());
        return (T)future.Exception!;
    }

    protected static async Task<T> Result<T>(TinyFuture<T> future) => await Within.Time(future.AsTask(), "the end of a task");

    protected static async Task Crashed(TinyFuture<int> future, Death death, int attempts = 1)
    {
        var crash = await Fault<WorkerCrashedException>(future);
        AssertIs(crash, death);
        Assert.That(crash.Attempts, Is.EqualTo(attempts));
    }

    protected static void AssertIs(WorkerCrashedException crash, Death death)
    {
        var (code, signal) = death switch
        {
            Death.Exit => (Deaths.ExitCode, null),
            Death.Sigkill => (137, "SIGKILL"),
            Death.Sigsegv => (139, "SIGSEGV"),
            _ => (134, "SIGABRT"),
        };
        using (Assert.EnterMultipleScope())
        {
            Assert.That((crash.ExitCode, crash.Signal), Is.EqualTo((code, signal)));
            Assert.That(crash.ProcessId, Is.GreaterThan(1).And.Not.EqualTo(Environment.ProcessId));
            // The runtime prints many lines when it dies.
            Assert.That(crash.LastErrorLines, Has.Member(Deaths.LastWords).Or.Count.GreaterThanOrEqualTo(10));
            Assert.That(ProcessTable.IsAlive(crash.ProcessId), Is.False);
        }
    }

    protected static async Task Dispose(IAsyncDisposable troupe) =>
        await Within.Time(troupe.DisposeAsync().AsTask(), "the disposal of a troupe");
}
