namespace TinyWorker.Tests.Contract;

// Maps compared with LINQ: every kind of source, order, worker count, window and length.
public abstract partial class TroupeContract
{
    [Test]
    public async Task Maps_OfEveryShape_YieldWhatLinqYields(
        [Values] bool ordered, [Values("sized", "unsized", "asynchronous", "slow")] string source,
        [Values(1, 3, 4)] int workers, [Values(1, 2, 4, 64)] int window)
    {
        var troupe = new TinyTroupe<int, string>(x => $"<{x}>", Options(new Settings { Workers = workers, Capacity = 2 }));
        var options = new MapOptions { Ordered = ordered, Window = window };
        foreach (var n in new[] { 0, 1, 2, workers - 1, workers + 1, 100, 1_000 })
        {
            var numbers = source == "unsized" ? Enumerable.Range(0, n).Where(x => x >= 0) : Enumerable.Range(0, n);
            var expected = numbers.Select(x => $"<{x}>").ToArray();
            if (source is "sized" or "unsized")
            {
                string[] results = [];
                Within.Time(() => results = [.. troupe.Map(numbers, options)], "the map");
                AssertSame(results, expected, ordered);
                AssertSame(await Within.Time(Collect(troupe.MapAsync(numbers, options))), expected, ordered);
            }
            else
            {
                var map = troupe.MapAsync(Asynchronous(numbers, source == "slow"), options);
                AssertSame(await Within.Time(Collect(map)), expected, ordered);
            }
        }

        await End(troupe);
    }

    [Test]
    public async Task Map_OfManyItems_NeverReadsFurtherAheadThanItsWindow(
        [Values] bool ordered, [Values(1, 2, 5, 64)] int window,
        [Values("blocking", "awaiting", "asynchronous")] string kind, [Values] bool hasOthers)
    {
        var items = 500;
        var read = 0;
        var yielded = 0;
        var furthest = 0;
        using var end = new CancellationTokenSource();
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Workers = 3, Capacity = 4 }));
        var options = new MapOptions { Ordered = ordered, Window = window };
        var others = hasOthers ? Task.Run(UseAsync) : Task.CompletedTask;

        if (kind == "blocking")
        {
            Within.Time(
                () =>
                {
                    foreach (var _ in troupe.Map(Source(), options)) yielded++;
                },
                "the map");
        }
        else
        {
            await Within.Time(Task.Run(async () =>
            {
                var map = kind == "awaiting"
                    ? troupe.MapAsync(Source(), options)
                    : troupe.MapAsync(Asynchronous(Source(), slow: true), options);
                await foreach (var _ in map) yielded++;
            }));
        }

        await end.CancelAsync();
        await Within.Time(others);
        Assert.That((read, yielded), Is.EqualTo((items, items)));
        Assert.That(furthest, Is.LessThanOrEqualTo(window));
        await End(troupe);

        IEnumerable<int> Source()
        {
            for (var i = 0; i < items; i++)
            {
                read++;
                furthest = Math.Max(furthest, read - yielded);
                yield return i;
            }
        }

        async Task UseAsync()
        {
            while (!end.IsCancellationRequested) await await troupe.SubmitAsync(-1);
        }
    }

    [Test]
    public async Task Map_NotYetEnumerated_ReadsNothing()
    {
        var troupe = new TinyTroupe<int, int>(x => x, Options());
        var map = troupe.Map(Never());
        var mapAsync = troupe.MapAsync(Never());
        using (var enumerator = map.GetEnumerator())
        await using (mapAsync.GetAsyncEnumerator())
        {
            Assert.That(troupe.Snapshot().Accepted, Is.Zero);
        }

        await End(troupe);

        static IEnumerable<int> Never()
        {
            Assert.Fail("the source was read");
            yield break;
        }
    }

    [Test]
    public async Task Map_LeftEarly_CancelsOutstandingTasksAndDisposesTheSourceOnce([Values] bool ordered, [Values] bool asynchronous)
    {
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Workers = 2, Capacity = 64 }));
        var options = new MapOptions { Ordered = ordered, Window = 16 };
        for (var round = 0; round < 20; round++)
        {
            var source = new WatchedSource(1_000_000);
            var seen = 0;
            if (asynchronous)
            {
                await foreach (var _ in troupe.MapAsync(source, options))
                    if (++seen == 10) break;
            }
            else
            {
                foreach (var _ in troupe.Map(source, options))
                    if (++seen == 10) break;
            }

            Assert.That(source.Disposals, Is.EqualTo(1));
            if (!asynchronous) Assert.That(source.WasDisposedByItsReader, Is.True);
            Assert.That(source.Read, Is.LessThanOrEqualTo(10 + 16));
            var now = troupe.Snapshot();
            Assert.That((now.Waiting, now.Running), Is.EqualTo((0, 0)));
        }

        Assert.That(Within.Time(troupe.Submit(7)), Is.EqualTo(7), "the troupe can be used further");
        await End(troupe);
    }

    [Test]
    public async Task Map_WithAFailingItem_ThrowsItAtItsPlaceAndNothingElse([Values(0, 1, 50, 99)] int position, [Values] bool asynchronous)
    {
        var thrown = new FormatException("item " + position);
        var troupe = new TinyTroupe<int, int>(x => x == position ? throw thrown : x, Options(new Settings { Workers = 3 }));
        var seen = new List<int>();
        Exception? error = null;
        try
        {
            if (asynchronous)
            {
                await foreach (var x in troupe.MapAsync(Enumerable.Range(0, 100))) seen.Add(x);
            }
            else
            {
                foreach (var x in troupe.Map(Enumerable.Range(0, 100))) seen.Add(x);
            }
        }
        catch (FormatException e)
        {
            error = e;
        }

        Assert.That(error, IsThat(thrown));
        Assert.That(seen, Is.EqualTo(Enumerable.Range(0, position)));
        var now = troupe.Snapshot();
        Assert.That((now.Waiting, now.Running), Is.EqualTo((0, 0)));
        await End(troupe);
    }

    [Test]
    public async Task Map_ThatThrowsAtTheEnd_YieldsEverySuccessAndThenEveryErrorInOrder([Values] bool ordered, [Values] bool asynchronous)
    {
        var troupe = new TinyTroupe<int, int>(
            x => x % 10 == 3 ? throw new FormatException(Text(x)) : x, Options(new Settings { Workers = 3 }));
        var options = new MapOptions { Ordered = ordered, Errors = MapErrors.ThrowAtEnd };
        var seen = new List<int>();
        AggregateException? error = null;
        try
        {
            if (asynchronous)
            {
                await foreach (var x in troupe.MapAsync(Enumerable.Range(0, 100), options)) seen.Add(x);
            }
            else
            {
                foreach (var x in troupe.Map(Enumerable.Range(0, 100), options)) seen.Add(x);
            }
        }
        catch (AggregateException e)
        {
            error = e;
        }

        var expected = Enumerable.Range(0, 100).Where(x => x % 10 != 3);
        Assert.That(seen, ordered ? Is.EqualTo(expected) : Is.EquivalentTo(expected));
        Assert.That(error!.InnerExceptions.Select(e => e.Message), Is.EqualTo(Enumerable.Range(0, 10).Select(x => $"{(x * 10) + 3}")));
        await End(troupe);
    }

    [Test]
    public async Task MapOutcomes_OfFailuresAndSuccesses_YieldsEachItem([Values] bool asynchronous)
    {
        var troupe = new TinyTroupe<int, int>(
            x => x % 2 == 0 ? x * 10 : throw new FormatException(), Options(new Settings { Workers = 3 }));
        var outcomes = asynchronous
            ? await Within.Time(Collect(troupe.MapOutcomesAsync(Enumerable.Range(5, 20))))
            : [.. troupe.MapOutcomes(Enumerable.Range(5, 20))];
        for (var i = 0; i < 20; i++)
        {
            var (index, input, value, exception) = outcomes[i];
            Assert.That((index, input), Is.EqualTo(((long)i, i + 5)));
            Assert.That(outcomes[i].IsSuccess, Is.EqualTo(input % 2 == 0));
            if (outcomes[i].IsSuccess) Assert.That((value, exception), Is.EqualTo((input * 10, (Exception?)null)));
            else Assert.That(exception, Is.TypeOf<FormatException>());
        }

        await End(troupe);
    }

    private static void AssertSame(string[] results, string[] expected, bool ordered)
    {
        if (!ordered) (results, expected) = ([.. results.Order(StringComparer.Ordinal)], [.. expected.Order(StringComparer.Ordinal)]);
        // NUnit takes longer to compare 5,000 items than the map takes. So NUnit only makes the message of a failure.
        if (!results.SequenceEqual(expected)) Assert.That(results, Is.EqualTo(expected));
    }

    private protected static async Task<T[]> Collect<T>(IAsyncEnumerable<T> source)
    {
        var all = new List<T>();
        await foreach (var item in source) all.Add(item);
        return [.. all];
    }

    private protected static async IAsyncEnumerable<int> Asynchronous(IEnumerable<int> source, bool slow)
    {
        foreach (var x in source)
        {
            if (slow) await Task.Yield();
            yield return x;
        }
    }

    private protected sealed class WatchedSource(int count) : IEnumerable<int>, IEnumerator<int>
    {
        private int _reader;   // the thread that read it last

        public int Read { get; private set; }

        public int Disposals { get; private set; }

        public int Current => Read - 1;

        object System.Collections.IEnumerator.Current => Current;

        /// <summary>Whether the thread that read the source last also disposed it.</summary>
        public bool WasDisposedByItsReader { get; private set; }

        public bool MoveNext()
        {
            _reader = Environment.CurrentManagedThreadId;
            return Read++ < count;
        }

        public void Dispose()
        {
            Disposals++;
            WasDisposedByItsReader = _reader == Environment.CurrentManagedThreadId;
        }

        public void Reset() => throw new NotSupportedException();

        public IEnumerator<int> GetEnumerator() => this;

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => this;
    }
}
