using System.Collections.Concurrent;

namespace TinyWorker.Tests.Contract;

// What only threads promise: each worker has a thread of its own, with a synchronization context.
public sealed partial class ThreadContract
{
    [Test]
    public async Task Worker_WithAThreadOfItsOwn_IsMadeCalledAndDisposedThere()
    {
        var threads = new ConcurrentQueue<Thread>();
        var troupe = new TinyTroupe<int, int>(
            _ => new AsyncWorker(() => threads.Enqueue(Thread.CurrentThread)), Options(new Settings { Name = "clowns" }));
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        var ofThePool = threads.First().IsThreadPoolThread;
        await End(troupe);
        Assert.That(threads, Has.Count.EqualTo(7));
        var thread = threads.First();
        Assert.That(threads, Is.All.SameAs(thread));
        Assert.That(ofThePool, Is.False);
        Assert.That(thread.Name, Does.Contain("clowns"));
        Assert.That(thread.IsAlive, Is.False);
    }

    [Test]
    public async Task Context_OfAWorkersThread_TakesPostsOnly()
    {
        var troupe = new TinyTroupe<int, bool>(
            async _ =>
            {
                await Task.Yield();
                var context = SynchronizationContext.Current!;
                if (!ReferenceEquals(context.CreateCopy(), context))
                    throw new InvalidOperationException("A copy would not post to this thread.");
                context.Send(static _ => { }, null);
                return true;
            },
            new ThreadTroupeOptions { Workers = 1 });
        var sending = troupe.Submit(1);
        Assert.That(() => Within.Time(sending), Throws.TypeOf<NotSupportedException>());
        await End(troupe);
    }

    private sealed class AsyncWorker : TinyAsyncWorker<int, int>, IAsyncDisposable
    {
        private readonly Action _note;

        public AsyncWorker(Action note)
        {
            _note = note;
            note();
        }

        public override async ValueTask StartAsync(CancellationToken cancellationToken)
        {
            _note();
            await Task.Yield();
            _note();
        }

        public override async ValueTask<int> CallAsync(int input, CancellationToken cancellationToken)
        {
            _note();
            await Task.Yield();
            _note();
            return input;
        }

        public async ValueTask DisposeAsync()
        {
            _note();
            await Task.Yield();
            _note();
        }
    }
}
