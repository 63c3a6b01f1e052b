using System.Collections.Concurrent;

namespace TinyWorker.Tests.Contract;

// A worker may await a TaskCompletionSource in its StartAsync or DisposeAsync. Its code then continues on the stack of the thread that
// completes the source. The code of the troupe must not.
public abstract partial class BackgroundTroupeContract
{
    [TestCase("the start")]
    [TestCase("a start that fails")]
    [TestCase("the disposal")]
    [TestCase("a disposal that fails")]
    public async Task Completer_OfASourceThatAWorkerAwaitsIn_NeverRunsCodeOfTheTroupe(string step)
    {
        var source = new TaskCompletionSource();
        using var awaiting = new ManualResetEventSlim();
        var threads = new ConcurrentQueue<Thread>();
        var awaitsInStart = step.Contains("start", StringComparison.Ordinal);
        var made = 0;
        var troupe = new TinyTroupe<int, int>(
            _ =>
            {
                var isFirst = Interlocked.Increment(ref made) == 1;
                if (!isFirst) Note();
                return new AwaitingWorker(Note, isFirst && awaitsInStart ? Wait : Go, isFirst && !awaitsInStart ? Wait : Go);
            },
            Options(new Settings { MaxTasksPerWorker = 1 }));
        TinyFuture<int>[] futures = [troupe.Submit(1), troupe.Submit(2)];
        Within.Wait(awaiting, step);
        threads.Clear();
        Thread? completer = null;
        Within.Time(
            () =>
            {
                completer = Thread.CurrentThread;
                if (step.Contains("fails", StringComparison.Ordinal)) source.SetException(new FormatException());
                else source.SetResult();
            },
            "the completion");
        foreach (var future in futures) WaitForEnd(future);
        await End(troupe);
        if (step != "a start that fails") Assert.That(threads, Is.Not.Empty);
        Assert.That(threads, Has.None.SameAs(completer));

        void Note() => threads.Enqueue(Thread.CurrentThread);

        async ValueTask Wait()
        {
            awaiting.Set();
            await source.Task;
        }

        static ValueTask Go() => default;
    }

    private sealed class AwaitingWorker(Action note, Func<ValueTask> start, Func<ValueTask> dispose)
        : TinyAsyncWorker<int, int>, IAsyncDisposable
    {
        public override ValueTask StartAsync(CancellationToken cancellationToken) => start();

        public override ValueTask<int> CallAsync(int input, CancellationToken cancellationToken)
        {
            note();
            return new(input);
        }

        public ValueTask DisposeAsync() => dispose();
    }
}
