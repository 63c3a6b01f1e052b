namespace TinyWorker.Tests.Futures;

internal sealed class CombinatorTests
{
    [Test]
    public void WhenAll_OfMany_HasTheResultsInTheirOrder()
    {
        var sources = Sources<int>(1_000);
        var all = TinyFuture.WhenAll(sources.Select(source => source.Future));

        for (var i = 999; i >= 0; i--)
        {
            Assert.That(all.IsCompleted, Is.False);
            sources[i].TrySetResult(i);
        }

        Assert.That(Within.Time(all), Is.EqualTo(Enumerable.Range(0, 1_000)));
    }

    [Test]
    public void WhenAll_OfNone_IsComplete() => Assert.That(TinyFuture.WhenAll<int>([]).Result(), Is.Empty);

    [Test]
    public void WhenAll_OneFaulted_WaitsForTheOthersAndFaultsWithTheSame()
    {
        var oops = new InvalidOperationException("oops");
        var sources = Sources<int>(3);
        var all = TinyFuture.WhenAll(sources.Select(source => source.Future));

        sources[1].TrySetException(oops);
        sources[2].TrySetResult(1);
        Assert.That(all.IsCompleted, Is.False);
        sources[0].TrySetResult(1);

        Assert.That(() => Within.Time(all), Throws.Exception.SameAs(oops));
    }

    [Test]
    public void WhenAll_OfDifferentTypes_IsATuple()
    {
        Assert.That(TinyFuture.WhenAll(TinyFuture.FromResult(1), TinyFuture.FromResult("a")).Result(), Is.EqualTo((1, "a")));
        Assert.That(
            TinyFuture.WhenAll(TinyFuture.FromResult(1), TinyFuture.FromResult("a"), TinyFuture.FromResult<object?>(null)).Result(),
            Is.EqualTo((1, "a", (object?)null)));
    }

    [Test]
    public void WhenAny_TheFirstToEnd_IsTheWinnerFaultsIncluded()
    {
        var sources = Sources<int>(3);
        var any = TinyFuture.WhenAny(sources.Select(source => source.Future));

        sources[2].TrySetException(new InvalidOperationException());
        sources[0].TrySetResult(1);

        Assert.That(Within.Time(any), Is.SameAs(sources[2].Future));
    }

    [Test]
    public void WhenAny_OfNone_IsRefused() => Assert.That(() => TinyFuture.WhenAny<int>([]), Throws.ArgumentException);

    [Test]
    public void Combinators_GivenANullFuture_NameItsIndex()
    {
        TinyFuture<int>[] futures = [TinyFuture.FromResult(1), null!];

        Assert.That(() => TinyFuture.WhenAll(futures), Throws.ArgumentException.With.Message.Contains("1"));
        Assert.That(() => TinyFuture.WhenAny(futures), Throws.ArgumentException.With.Message.Contains("1"));
        Assert.That(() => TinyFuture.WhenEach(futures), Throws.ArgumentException.With.Message.Contains("1"));
    }

    [Test]
    public async Task WhenEach_OfMany_YieldsEachOnceInOrderOfCompletion()
    {
        var sources = Sources<int>(100);
        var order = Enumerable.Range(0, 100).OrderBy(i => (i * 37) % 100).ToArray();
        var seen = new List<int>();
        var next = 0;
        sources[order[next++]].TrySetResult(order[0]);

        await foreach (var future in TinyFuture.WhenEach(sources.Select(source => source.Future)))
        {
            seen.Add(future.Result());
            if (next < 100)
            {
                var i = order[next++];
                sources[i].TrySetResult(i);
            }
        }

        Assert.That(seen, Is.EqualTo(order));
    }

    [Test]
    public async Task WhenEach_ItsTokenCancelled_Ends()
    {
        using var cancel = new CancellationTokenSource();
        var sources = Sources<int>(2);
        var reading = Read();

        sources[0].TrySetResult(1);
        await cancel.CancelAsync();

        try
        {
            await Within.Time(reading);
            Assert.Fail("The enumeration went on.");
        }
        catch (OperationCanceledException e)
        {
            Assert.That(e.CancellationToken, Is.EqualTo(cancel.Token));
        }

        async Task Read()
        {
            await foreach (var future in TinyFuture.WhenEach(sources.Select(source => source.Future)).WithCancellation(cancel.Token))
                Assert.That(future.Result(), Is.EqualTo(1));
        }
    }

    [Test]
    public void WhenAnyAndWhenAll_RacingCompletion_AlwaysEnd()
    {
        for (var round = 0; round < 5_000; round++)
        {
            var sources = Sources<int>(3);
            ThreadPool.UnsafeQueueUserWorkItem(_ => Array.ForEach(sources, source => source.TrySetResult(1)), null);
            var any = TinyFuture.WhenAny(sources.Select(source => source.Future));
            var all = TinyFuture.WhenAll(sources.Select(source => source.Future));

            Assert.That(Within.Time(any).IsCompleted, Is.True);
            Assert.That(Within.Time(all), Has.Length.EqualTo(3));
        }
    }

    private static TinyFutureSource<T>[] Sources<T>(int count) =>
        Enumerable.Range(0, count).Select(_ => new TinyFutureSource<T>()).ToArray();
}
