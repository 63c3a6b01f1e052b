namespace TinyWorker.Tests.Futures;

/// <summary>Chains of a million links, on threads whose stacks are too small for a recursion over ten thousand.</summary>
[NonParallelizable]
internal sealed class ChainDepthTests
{
    private const int Links = 1_000_000;
    private const int SmallStack = 256 * 1024;

    private TinyTroupe<int, int> _troupe = null!;
    private TinyFutureSource<int> _source = null!;
    private TinyFuture<int> _first = null!;
    private TinyFuture<int> _last = null!;

    [SetUp]
    public void MakeTheChain()
    {
        var options = new ThreadTroupeOptions { Workers = 2, Capacity = 2_000_000, MaxStackSize = SmallStack };
        _troupe = new TinyTroupe<int, int>(x => x + 1, options);
        _source = new TinyFutureSource<int>();
        _first = _last = _troupe.Submit(_source.Future);
        for (var i = 1; i < Links; i++) _last = _troupe.Submit(_last);
    }

    [TearDown]
    public void Stop()
    {
        _troupe.Abort();
        Within.Time(_troupe.Dispose, "the troupe's end");
    }

    [Test]
    public void Chain_OfAMillionLinks_Completes()
    {
        OnASmallStack(() => _source.TrySetResult(0));

        Assert.That(Within.Time(_last), Is.EqualTo(Links));
        Within.Until(() => _troupe.Snapshot().Succeeded == Links, "the count");
    }

    [Test]
    public void Chain_OfAMillionLinks_Faults()
    {
        var oops = new InvalidOperationException("oops");

        OnASmallStack(() => _source.TrySetException(oops));

        Assert.That(() => Within.Time(_last), Throws.Exception.SameAs(oops));
        Assert.That(_troupe.Snapshot().Faulted, Is.EqualTo(Links));
    }

    [Test]
    public void Chain_OfAMillionLinks_CancelsFromItsFirstLink()
    {
        OnASmallStack(() => _first.Cancel());

        Assert.That(_last.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        Assert.That(_source.Future.Status, Is.EqualTo(TinyFutureStatus.Pending), "the input stays as it was");
        Assert.That(_troupe.Snapshot().Canceled, Is.EqualTo(Links));
        Assert.That(_troupe.Snapshot().Waiting, Is.Zero);
    }

    [Test]
    public void Chain_OfAMillionLinks_EndsWithAnAbort()
    {
        OnASmallStack(_troupe.Abort);

        Within.Until(() => _last.IsCompleted, "the last link");
        Assert.That(_last.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        Assert.That(_troupe.Snapshot().Canceled, Is.EqualTo(Links));
    }

    private static void OnASmallStack(Action step)
    {
        Exception? fault = null;
        var thread = new Thread(
            () =>
            {
                try
                {
                    step();
                }
                catch (Exception e)
                {
                    fault = e;
                }
            },
            SmallStack) { IsBackground = true };
        thread.Start();
        Assert.That(thread.Join(Within.Deadline), Is.True, "the step on a small stack is done");
        Assert.That(fault, Is.Null);
    }
}
