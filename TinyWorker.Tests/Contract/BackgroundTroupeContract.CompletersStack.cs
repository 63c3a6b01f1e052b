using System.Collections.Concurrent;

namespace TinyWorker.Tests.Contract;

// A worker's StartAsync or DisposeAsync that awaits a TaskCompletionSource goes on on the stack of whoever completes it. The troupe must not.
public abstract partial class BackgroundTroupeContract
{
    [TestCase("the start")]
    [TestCase("a start that fails")]
    [TestCase("the disposal")]
    [TestCase("a disposal that fails")]
    public async Task Completer_OfWhatAWorkerAwaitsIn_NeverRunsTheTroupesCode(string step)
    {
        var source = new TaskCompletionSource();
        using var awaiting = new ManualResetEventSlim();
        var threads = new ConcurrentQueue<Thread>();
        var made = 0;
        var troupe = new TinyTroupe<int, int>(
            _ =>
            {
                var isFirst = Interlocked.Increment(ref made) == 1;
                if (!isFirst) Note();
                return new Awaits(Note, isFirst && step.Contains("start", StringComparison.Ordinal) ? Wait : Go, isFirst && step.Contains("disposal", StringComparison.Ordinal) ? Wait : Go);
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

    private sealed class Awaits(Action note, Func<ValueTask> start, Func<ValueTask> dispose) : TinyAsyncWorker<int, int>, IAsyncDisposable
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
