using TinyWorker.Tasks;

namespace TinyWorker.Tests.Tasks;

internal sealed class WorkQueueTests
{
    private long _ended;

    // An item may be cancelled before it has entered. The troupe may be drained meanwhile, and the item then comes to a completed queue.
    [Test]
    public void Add_ToACompletedQueue_AddsNothing()
    {
        var queue = new WorkQueue<Item>();
        queue.Add(new Item("first"));
        queue.Complete();
        Within.Time(() => queue.Add(new Item("late")), "the late item");
        Within.Time(() => queue.AddBeside(new Item("late", Priority: 1)), "the late item");
        Assert.That(queue.TryTake(0, out var item), Is.True, "an earlier item may still be taken");
        Assert.That(item!.Name, Is.EqualTo("first"));
        Assert.That(queue.TryTake(0, out _), Is.False);
        Assert.That(queue.Completion.IsCompleted, Is.True);
    }

    [Test]
    public void TryDropTombstones_OnACompletedQueue_DropsNothing()
    {
        var queue = new WorkQueue<Item>();
        for (var i = 0; i < 5_000; i++) queue.Add(new Item("tombstone") { IsEnding = true });
        queue.Complete();
        Assert.That(queue.TryDropTombstones(static () => 0, static () => { }), Is.False);
        Assert.That(queue.Count, Is.EqualTo(5_000));
    }

    [Test]
    public void TryDropTombstones_OfItemsBesideTheChannel_KeepsTheOthersInOrder()
    {
        var queue = new WorkQueue<Item>(places: 2);
        for (var i = 0; i < 3_000; i++)
        {
            var isLiving = i % 1_000 == 0;
            foreach (var item in new[] { new Item($"p{i}", Priority: 1), new Item($"k{i}", Key: "a"), new Item($"e{i}", Place: 0) })
                queue.AddBeside(item with { IsEnding = !isLiving });
        }

        Assert.That(queue.TryDropTombstones(static () => 9, static () => { }), Is.True);
        var place = KeyPlaces.PlaceOf("a", 2);
        List<string> taken = [];
        while (queue.TryTake(place, out var item) || queue.TryTake(1 - place, out item))
        {
            taken.Add(item.Name);
            if (item.Terms!.Key is not null) queue.Release(item);
        }

        Assert.That(taken.Where(static name => name[0] == 'p'), Is.EqualTo(["p0", "p1000", "p2000"]));
        Assert.That(taken.Where(static name => name[0] == 'k'), Is.EqualTo(["k0", "k1000", "k2000"]));
        Assert.That(taken.Where(static name => name[0] == 'e'), Is.EqualTo(["e0", "e1000", "e2000"]));
    }

    [Test]
    public void TryTake_OfOwnItemsAndEverybodys_TakesTurnsAmongEquals()
    {
        var queue = new WorkQueue<Item>();
        for (var i = 0; i < 3; i++)
        {
            queue.Add(new Item($"c{i}"));
            queue.AddBeside(new Item($"o{i}", Place: 0));
        }

        queue.AddBeside(new Item("low", Place: 0, Priority: -1));
        queue.AddBeside(new Item("high", Priority: 1));
        Assert.That(All(queue), Is.EqualTo(["high", "o0", "c0", "o1", "c1", "o2", "c2", "low"]));
    }

    [Test]
    public void TryTake_OfAKeyThatIsHeld_WaitsForItsRelease()
    {
        var queue = new WorkQueue<Item>();
        Item[] items = [new("a0", Key: "a"), new("a1", Key: "a"), new("b0", Key: "b")];
        foreach (var item in items) Assert.That(queue.AddBeside(item), Is.Zero);
        Assert.That(queue.TryTake(0, out var first) && first == items[0], Is.True);
        Assert.That(queue.TryTake(0, out var other) && other == items[2], Is.True, "another key goes on");
        Assert.That(queue.TryTake(0, out _), Is.False);
        Assert.That(queue.HasItemsFor(0), Is.False);
        Assert.That(queue.Release(items[1]), Is.EqualTo(SubmitTerms.NoPlace), "it waits, and holds nothing");
        Assert.That(queue.PutBack(items[0]), Is.Zero);
        Assert.That(queue.TryTake(0, out var again) && again == items[0], Is.True);
        Assert.That(queue.Release(items[0]), Is.Zero);
        Assert.That(queue.TryTake(0, out var second) && second == items[1], Is.True);
        Assert.That(queue.Release(items[1]), Is.EqualTo(SubmitTerms.NoPlace));
    }

    // A bug that the model found: the tombstone lent its priority, and its age, to the next item with its key.
    [TestCase(-1)]
    [TestCase(0)]
    [TestCase(1)]
    public void Release_OfTheFirstItemOfAKey_PutsTheNextWhereItBelongs(int priority)
    {
        var queue = new WorkQueue<Item>();
        Item[] items =
            [new("a0", Key: "a", Priority: priority), new("b0", Key: "b"), new("a1", Key: "a"), new("c0", Key: "c", Priority: -1)];
        foreach (var item in items) queue.AddBeside(item);
        items[0].IsEnding = true;
        Assert.That(queue.Release(items[0]), Is.Zero);
        Assert.That(All(queue), Is.EqualTo(["b0", "a1", "c0"]));
        Assert.That(queue.HasItemsFor(0), Is.False);
    }

    [Test]
    public void TryTake_AfterAnOwnItemHasEnded_TakesTheLargerPriorityOfTheOthers()
    {
        var queue = new WorkQueue<Item>();
        Item[] own = [new("ended", Place: 0), new("low", Priority: -1, Key: "a")];
        foreach (var item in own) queue.AddBeside(item);
        queue.Add(new Item("everybody's"));
        own[0].IsEnding = true;
        Assert.That(All(queue), Is.EqualTo(["everybody's", "low"]));
    }

    [Test]
    public void Release_OfEveryItemOfAKey_LeavesNothing()
    {
        var queue = new WorkQueue<Item>(places: 2);
        for (var i = 0; i < 5_000; i++)
        {
            Item[] items = [new($"a{i}", Key: "a", Priority: i), new($"b{i}", Key: "a")];
            foreach (var item in items) queue.AddBeside(item);
            foreach (var item in items)
            {
                item.IsEnding = true;
                queue.Release(item);
            }

            queue.TryDropTombstones(static () => 0, static () => { });
        }

        queue.AddBeside(new Item("last", Key: "a"));
        Assert.That(queue.TryTake(KeyPlaces.PlaceOf("a", 2), out var last) && last.Name == "last", Is.True);
    }

    [Test]
    public void PutBack_OfAnItemThatHasEndedMeanwhile_DoesNotTakeTheKeyFromAnother()
    {
        var queue = new WorkQueue<Item>();
        Item[] items = [new("a0", Key: "a"), new("a1", Key: "a"), new("a2", Key: "a")];
        foreach (var item in items) queue.AddBeside(item);
        queue.TryTake(0, out _);
        items[0].IsEnding = true;
        queue.Release(items[0]);
        Assert.That(queue.TryTake(0, out var second) && second == items[1], Is.True);
        queue.PutBack(items[0]);
        Assert.That(queue.TryTake(0, out _), Is.False, "the second holds the key");
        queue.Release(items[1]);
        Assert.That(queue.TryTake(0, out var third) && third == items[2], Is.True);
    }

    [Test]
    public void Resize_WhileKeysAreHeldAndReady_MovesEachOnce()
    {
        var queue = new WorkQueue<Item>(places: 1);
        string[] keys = [.. Enumerable.Range(0, 40).Select(static i => $"k{i}")];
        foreach (var key in keys)
            for (var i = 0; i < 3; i++) queue.AddBeside(new Item($"{key}:{i}", Key: key));
        List<Item> held = [];
        for (var i = 0; i < 10 && queue.TryTake(0, out var item); i++) held.Add(item);
        queue.AddBeside(new Item("each", Place: 0));
        var places = queue.Resize(4);
        Assert.That(places, Is.EquivalentTo([0, 1, 2, 3]));
        foreach (var item in held)
            Assert.That(queue.Release(item), Is.EqualTo(KeyPlaces.PlaceOf(item.Terms!.Key!, 4)), "released to where the key is now");
        Dictionary<string, int> next = [];
        foreach (var item in held) next[item.Terms!.Key!] = 1;
        for (var place = 0; place < 4; place++)
        {
            while (queue.TryTake(place, out var item))
            {
                if (item.Terms!.Key is not { } key) continue;
                Assert.That(KeyPlaces.PlaceOf(key, 4), Is.EqualTo(place));
                Assert.That(item.Name, Is.EqualTo($"{key}:{next.GetValueOrDefault(key)}"));
                next[key] = next.GetValueOrDefault(key) + 1;
                queue.Release(item);
            }
        }

        Assert.That(next, Has.Count.EqualTo(40).And.All.Matches<KeyValuePair<string, int>>(static pair => pair.Value == 3));
    }

    [Test]
    public void Pause_HidesEveryItemButFromWhoeverEndsThem()
    {
        var queue = new WorkQueue<Item>();
        queue.Add(new Item("c"));
        queue.AddBeside(new Item("p", Priority: 3));
        queue.AddBeside(new Item("o", Place: 0));
        queue.Pause();
        queue.Add(new Item("late"));
        Assert.That(queue.TryTake(0, out _) || queue.TryTakeToPrefetch(out _, out _) || queue.HasItems || queue.HasItemsFor(0), Is.False);
        Assert.That(queue.Resume(), Is.EqualTo([0]));
        Assert.That(queue.TryTake(0, out var item) && item.Name == "p", Is.True);
        queue.Pause();
        Assert.That(queue.TryTakeToEnd(out item) && item.Name == "c", Is.True);
        Assert.That(queue.TryTakeToEnd(out item) && item.Name == "late", Is.True);
        Assert.That(queue.TakeOwnToEnd().Select(static own => own.Name), Is.EqualTo(["o"]));
    }

    [Test]
    public void Return_OfItemsThatWereTakenAhead_GoesToTheirPlaces()
    {
        var queue = new WorkQueue<Item>();
        foreach (var name in new[] { "a", "b", "c", "d" }) queue.Add(new Item(name));
        queue.AddBeside(new Item("low", Priority: -1));
        List<(Item Item, ItemOrder Order)> ahead = [];
        while (queue.TryTakeToPrefetch(out var item, out var order)) ahead.Add((item, order));
        Assert.That(ahead.Select(static taken => taken.Item.Name), Is.EqualTo(["a", "b", "c", "d"]), "not what others go before");
        queue.Add(new Item("e"));
        queue.AddBeside(new Item("high", Priority: 1));
        foreach (var (item, order) in Enumerable.Reverse(ahead)) queue.Return(item, order);
        queue.PutBack(new Item("again"));
        Assert.That(All(queue), Is.EqualTo(["high", "again", "a", "b", "c", "d", "e", "low"]));
    }

    // Takers of each place beside adders, cancellers and resizes: every item is taken once, those of a key one at a time and in order.
    [Test]
    public void Queue_UsedByManyThreads_LosesNothingAndKeepsTheOrderOfEachKey()
    {
        const int Places = 4;
        const int Adders = 3;
        const int Items = 4_000;
        var queue = new WorkQueue<Item>(Places);
        var taken = new int[Adders * Items];
        var next = new int[Adders * 8];
        var running = new int[Adders * 8];
        string? wrong = null;
        using var stop = new CancellationTokenSource();
        var threads = new List<Thread>();
        for (var adder = 0; adder < Adders; adder++)
        {
            var own = adder;
            threads.Add(new Thread(() => Add(own)));
        }

        for (var place = 0; place < Places; place++)
        {
            var own = place;
            threads.Add(new Thread(() => Take(own)));
        }

        threads.Add(new Thread(() =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++) queue.Resize(1 + (i % Places));
        }));
        foreach (var thread in threads) thread.Start();
        try
        {
            Within.Until(() => Volatile.Read(ref wrong) is not null || Volatile.Read(ref _ended) == Adders * Items, "every item");
        }
        finally
        {
            stop.Cancel();
            foreach (var thread in threads) thread.Join();
        }

        Assert.That(wrong, Is.Null);
        Assert.That(taken, Is.All.EqualTo(1));

        void Add(int adder)
        {
            for (var i = 0; i < Items; i++)
            {
                var number = (adder * Items) + i;
                if (i % 4 == 0) queue.Add(new Item($"{number}"));
                else if (i % 4 == 1) queue.AddBeside(new Item($"{number}", Priority: 1 + (i % 3)));
                else queue.AddBeside(new Item($"{number}", Key: $"{(adder * 8) + (i % 8)}"));
            }
        }

        void Take(int place)
        {
            while (!stop.IsCancellationRequested)
            {
                if (!queue.TryTake(place, out var item)) continue;
                var number = int.Parse(item.Name, System.Globalization.CultureInfo.InvariantCulture);
                if (Interlocked.Increment(ref taken[number]) != 1) wrong = $"{number} was taken twice";
                if (item.Terms?.Key is { } key)
                {
                    var lane = int.Parse(key, System.Globalization.CultureInfo.InvariantCulture);
                    if (Interlocked.Increment(ref running[lane]) != 1) wrong = $"two of key {key} at a time";
                    if (next[lane] > number) wrong = $"{number} came after {next[lane]}";
                    next[lane] = number;
                    Interlocked.Decrement(ref running[lane]);
                    queue.Release(item);
                }

                Interlocked.Increment(ref _ended);
            }
        }
    }

    private static List<string> All(WorkQueue<Item> queue)
    {
        List<string> taken = [];
        while (queue.TryTake(0, out var item)) taken.Add(item.Name);
        return taken;
    }

    private sealed record Item(string Name, int Priority = 0, string? Key = null, int Place = SubmitTerms.NoPlace) : IQueuedItem
    {
        public SubmitTerms? Terms { get; } =
            Priority == 0 && Key is null && Place == SubmitTerms.NoPlace
                ? null
                : new SubmitTerms { Priority = Priority, Key = Key, Place = Place };

        public bool IsEnding { get; set; }

        public bool Equals(Item? other) => ReferenceEquals(this, other);

        public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
    }
}
