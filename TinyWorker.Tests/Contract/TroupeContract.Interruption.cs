using System.Globalization;

namespace TinyWorker.Tests.Contract;

// Thread.Interrupt ends the next wait of a thread, and in .NET even a contended lock is a wait.
public abstract partial class TroupeContract
{
    private const int WithInterruption = -1;

    [Test]
    public async Task Task_ThatLeavesItsThreadInterrupted_IsNotSeenByTheNext()
    {
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                if (x == WithInterruption) Thread.CurrentThread.Interrupt();
                else Thread.Sleep(1);
                return x;
            },
            Options(new Settings { Capacity = 500 }));
        var futures = new List<TinyFuture<int>>();
        Within.Time(() =>
        {
            for (var i = 0; i < 50; i++)
            {
                futures.Add(troupe.Submit(WithInterruption));
                futures.Add(troupe.Submit(i));
            }
        });
        foreach (var future in futures) WaitForEnd(future);
        Assert.That(futures.Select(future => future.Status), Is.All.EqualTo(TinyFutureStatus.Succeeded));
        await End(troupe);
    }

    [Test]
    public async Task Worker_MadeAndDisposedOnAThreadThatIsLeftInterrupted_IsNotHurt()
    {
        Sleeper? sleeper = null;
        TinyTroupe<int, int>? troupe = null;
        Within.Time(() => troupe = new TinyTroupe<int, int>(_ => sleeper = new Sleeper(), Options()));   // an inline troupe makes the worker on this thread
        Assert.That(Within.Time(SubmitElsewhere(troupe!, 1)), Is.EqualTo(1));
        Assert.That(Within.Time(SubmitElsewhere(troupe!, WithInterruption)), Is.EqualTo(WithInterruption));
        await End(troupe!);
        Assert.That(sleeper!.DisposalFault, Is.Null);
    }

    [Test]
    public async Task Settings_OfItsThreadThatATaskChanged_AreNotSeenByTheNext()
    {
        var troupe = new TinyTroupe<int, SeenSettings>(
            x =>
            {
                var thread = Thread.CurrentThread;
                var seen = new SeenSettings(
                    thread.Name == "changed", thread.Priority, thread.IsBackground,
                    CultureInfo.CurrentCulture.NumberFormat.NumberDecimalSeparator,
                    CultureInfo.CurrentUICulture.NumberFormat.NumberDecimalSeparator);
                if (x == 0) return seen;
                (thread.Name, thread.Priority, thread.IsBackground) = ("changed", ThreadPriority.BelowNormal, !thread.IsBackground);
                var other = (CultureInfo)CultureInfo.InvariantCulture.Clone();
                other.NumberFormat.NumberDecimalSeparator = "~";
                CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = other;
                return seen;
            },
            Options());
        Within.Time(() =>
        {
            var before = troupe.Submit(1).Result();
            for (var i = 0; i < 10; i++) Assert.That(troupe.Submit(i % 2).Result(), Is.EqualTo(before));
        });
        await End(troupe);
    }

    [Test]
    public async Task Submit_WhoseWaitIsInterrupted_AcceptsNothing()
    {
        var input = new TinyFutureSource<int>();
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Capacity = 1 }));
        var first = troupe.Submit(input.Future);
        Within.Time(() =>
        {
            Thread.CurrentThread.Interrupt();
            Assert.That(() => troupe.Submit(5), Throws.InstanceOf<ThreadInterruptedException>());
        });
        input.TrySetResult(1);
        WaitForEnd(first);
        Within.Time(() => Assert.That(Within.Time(troupe.Submit(2)), Is.EqualTo(2), "the place is free"));
        await End(troupe);
        Assert.That(troupe.Snapshot().Accepted, Is.EqualTo(2));
    }

    [Test]
    public async Task Dispose_ThatIsInterrupted_ThrowsAndGoesOnAllTheSame()
    {
        var input = new TinyFutureSource<int>();
        var troupe = new TinyTroupe<int, int>(x => x, Options());
        var last = troupe.Submit(input.Future);
        Within.Time(() =>
        {
            Thread.CurrentThread.Interrupt();
            Assert.That(troupe.Dispose, Throws.InstanceOf<ThreadInterruptedException>());
        });
        Assert.That(() => troupe.Submit(1), Throws.InstanceOf<ObjectDisposedException>());
        input.TrySetResult(1);
        Within.Time(troupe.Dispose, "the second Dispose");
        Assert.That(last.Result(), Is.EqualTo(1));
        await End(troupe);
    }

    private sealed record SeenSettings(bool IsRenamed, ThreadPriority Priority, bool IsBackground, string Culture, string UICulture);

    private sealed class Sleeper : TinyWorker<int, int>, IDisposable
    {
        public Exception? DisposalFault { get; private set; }

        public Sleeper() => Thread.CurrentThread.Interrupt();

        public override int Call(int input, CancellationToken cancellationToken)
        {
            Thread.Sleep(1);
            if (input == WithInterruption) Thread.CurrentThread.Interrupt();
            return input;
        }

        public void Dispose()
        {
            try
            {
                Thread.Sleep(1);
            }
            catch (ThreadInterruptedException e)
            {
                DisposalFault = e;
            }
        }
    }
}
