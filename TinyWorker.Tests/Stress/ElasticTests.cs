namespace TinyWorker.Tests.Stress;

/// <summary>Workers come and go while tasks come. Each task ends exactly once, and none waits while a worker could be made.</summary>
[NonParallelizable]   // its submitters keep the processors busy
internal sealed class ElasticTests
{
    private const int Submitters = 4;
    private const int Each = 3_000;
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(60);

    private static IEnumerable<TinyTroupeOptions> Backends => [new ThreadTroupeOptions(), new PoolTroupeOptions()];

    [Test]
    public async Task Resizes_BesideSubmittersAndTimeThatPasses_LoseNoTask(
        [ValueSource(nameof(Backends))] TinyTroupeOptions backend, [Values(null, 0, 1)] int? minWorkers)
    {
        var clock = new ManualClock();
        var (made, disposed) = (0, 0);
        var ended = 0;
        var accepted = 0;
        var cancelled = 0;
        var name = $"elastic{minWorkers}";
        var troupe = new TinyTroupe<int, int>(
            _ =>
            {
                Interlocked.Increment(ref made);
                return new Worker(() => Interlocked.Increment(ref disposed));
            },
            backend with
            {
                Name = name, Workers = 4, MinWorkers = minWorkers, Capacity = 64, TimeProvider = clock, IdleTimeout = IdleTimeout,
            });
        var isOver = false;
        var disturbers = new[] { Start(Resize), Start(PassTime), Start(Look) };
        var submitters = Enumerable.Range(0, Submitters).Select(number => Start(() => Submit(number))).ToArray();
        foreach (var submitter in submitters) await Within.Time(submitter, "a submitter");
        Volatile.Write(ref isOver, true);
        foreach (var disturber in disturbers) await Within.Time(disturber, "a disturber");
        Within.Time(troupe.Dispose, "the end");
        Within.Until(() => Volatile.Read(ref ended) == Volatile.Read(ref accepted), "every end");

        var end = troupe.Snapshot();
        TestContext.Out.WriteLine($"{made} workers for {end}");
        Assert.That((end.Accepted, end.Waiting, end.Running), Is.EqualTo(((long)accepted, 0, 0)));
        Assert.That(end.Succeeded + end.Canceled, Is.EqualTo(accepted));
        Assert.That(end.Canceled, Is.LessThanOrEqualTo(Volatile.Read(ref cancelled)));
        Assert.That(disposed, Is.EqualTo(made));
        Threads.AreGone(name);

        void Submit(int number)
        {
            var random = new Random(number);
            for (var i = 0; i < Each; i++)
            {
                var options = random.Next(4) switch
                {
                    0 => new SubmitOptions { Key = $"{random.Next(20)}" },
                    1 => new SubmitOptions { Priority = random.Next(3) },
                    _ => default,
                };
                Count(troupe.Submit(i, options));
                switch (random.Next(60))
                {
                    case 0:
                        Interlocked.Add(ref cancelled, 8);
                        foreach (var future in troupe.SubmitToEach(i)) Count(future);
                        break;
                    case 1:
                        // No other submission wakes anybody for it, if this is the only submitter that is left.
                        var last = troupe.Submit(i);
                        Count(last);
                        Assert.That(Within.Time(last), Is.EqualTo(i));
                        break;
                }
            }
        }

        void Count(TinyFuture<int> future)
        {
            Interlocked.Increment(ref accepted);
            future.OnCompleted(_ => Interlocked.Increment(ref ended));
        }

        void Resize()
        {
            var random = new Random(1);
            while (!Volatile.Read(ref isOver))
            {
                troupe.Resize(1 + random.Next(8));
                for (var spin = random.Next(200); spin > 0; spin--) Thread.Yield();
            }
        }

        void PassTime()
        {
            while (!Volatile.Read(ref isOver))
            {
                clock.Advance(IdleTimeout / 2);
                Thread.Yield();
            }
        }

        void Look()
        {
            while (!Volatile.Read(ref isOver))
            {
                var now = troupe.Snapshot();
                Assert.That(now.Accepted, Is.EqualTo(now.Waiting + now.Running + now.Succeeded + now.Faulted + now.Canceled));
                Assert.That(now.Workers.Select(static worker => worker.Index), Is.Ordered.And.Unique);
                Thread.Yield();
            }
        }
    }

    private static Task Start(Action step) =>
        Task.Factory.StartNew(step, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private sealed class Worker(Action dispose) : TinyWorker<int, int>, IDisposable
    {
        public override int Call(int input, CancellationToken cancellationToken) => input;

        public void Dispose() => dispose();
    }
}
