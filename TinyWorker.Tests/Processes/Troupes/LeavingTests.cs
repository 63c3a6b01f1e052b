using System.Diagnostics;

namespace TinyWorker.Tests.Processes.Troupes;

/// <summary>A worker process that does not exit holds nobody up.</summary>
internal sealed class LeavingTests : TroupeFixture
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);   // time enough to answer, on a busy machine

    [Test]
    public async Task Dispose_OfAWorkerWhoseProcessHangsAtItsExit_KillsIt()
    {
        var troupe = new TinyTroupe<int, int>(HangAtExit, new ProcessTroupeOptions { Workers = 1, ExitTimeout = Short });
        var process = await Result(troupe.Submit(1));
        await Dispose(troupe);
        Assert.That(ProcessTable.IsAlive(process), Is.False);
    }

    [Test]
    public async Task Dispose_OfAWorkerWhoseProcessIsStopped_KillsIt()
    {
        var troupe = new TinyTroupe<int, int>(_ => Environment.ProcessId, new ProcessTroupeOptions { Workers = 1, ExitTimeout = Short });
        var process = await Result(troupe.Submit(1));
        Deaths.Stop(process);
        await Dispose(troupe);
        Assert.That(ProcessTable.IsAlive(process), Is.False);
    }

    [Test]
    public async Task Dispose_OfAWorkerWhoseDisposalEndsItsProcess_LogsHowThatEnded()
    {
        using var loggers = new FakeLoggers();
        var options = new ProcessTroupeOptions { Workers = 1, LoggerFactory = loggers };
        var troupe = new TinyTroupe<int, int>(_ => new ExitsWhenDisposed(), options);
        Assert.That(await Result(troupe.Submit(1)), Is.EqualTo(1));
        await Dispose(troupe);
        Assert.That(loggers.Records.Select(static record => record.Message), Has.Some.Contains("exit code 5"));
    }

    private sealed class ExitsWhenDisposed : TinyWorker<int, int>, IDisposable
    {
        public override int Call(int input, CancellationToken cancellationToken) => input;

        public void Dispose() => Environment.Exit(5);
    }

    [TestCase(1, null)]
    [TestCase(null, 1L)]
    public async Task Worker_ThatIsReplacedAndWhoseProcessHangsAtItsExit_HoldsUpNoTask(int? maxTasks, long? maxMemory)
    {
        var troupe = new TinyTroupe<int, int>(HangAtExit, new ProcessTroupeOptions
        {
            Workers = 1, ExitTimeout = Short, MaxTasksPerWorker = maxTasks, MaxWorkerMemory = maxMemory,
        });
        Assert.That(await Result(troupe.Submit(1)), Is.Not.EqualTo(await Result(troupe.Submit(2))));
        await Dispose(troupe);
    }

    [Test]
    public async Task Worker_WhoseDisposalTakesLongerThanTheExitMay_IsDisposedToItsEnd()
    {
        var (begun, gate, done) = (File("begun"), File("gate"), File("done"));
        var troupe = new TinyTroupe<int, int>(
            _ => new WritesAtItsEnd(begun, gate, done), new ProcessTroupeOptions { Workers = 1, ExitTimeout = Second });
        await Result(troupe.Submit(1));
        var disposal = troupe.DisposeAsync().AsTask();
        Within.Until(() => System.IO.File.Exists(begun), "the worker's disposal");
        var clock = Stopwatch.StartNew();
        Within.Until(() => clock.Elapsed > 2 * Second, "twice the time");
        Assert.That(disposal.IsCompleted, Is.False);
        Open(gate);
        await Within.Time(disposal);
        Assert.That(System.IO.File.Exists(done));
    }

    private static int HangAtExit(int input)
    {
        AppDomain.CurrentDomain.ProcessExit += static (_, _) => Deaths.Hang();
        return Environment.ProcessId;
    }

    private sealed class WritesAtItsEnd(string begun, string gate, string done) : TinyWorker<int, int>, IDisposable
    {
        public override int Call(int input, CancellationToken cancellationToken) => input;

        public void Dispose()
        {
            System.IO.File.WriteAllText(begun, "");
            Deaths.Await(gate);
            System.IO.File.WriteAllText(done, "");
        }
    }
}
