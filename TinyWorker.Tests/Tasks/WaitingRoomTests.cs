using TinyWorker.Tasks;

namespace TinyWorker.Tests.Tasks;

internal sealed class WaitingRoomTests
{
    [Test]
    public void TakeAll_WithManyWaiting_YieldsEachItemOnce()
    {
        var items = Enumerable.Range(0, 10_000).Select(_ => new Item()).ToArray();
        var seated = 0;
        var room = new WaitingRoom<Item>(() => seated);
        foreach (var item in items)
        {
            room.Add(item);
            seated++;
        }

        var taken = room.TakeAll().ToArray();

        Assert.That(taken, Has.Length.EqualTo(items.Length));
        Assert.That(new HashSet<Item>(taken).SetEquals(items), Is.True);
        Assert.That(room.TakeAll(), Is.Empty);
        Assert.That(room.Remove(items[0]), Is.False);
    }

    [Test]
    public void Remove_OfAnItemThatWasNeverAdded_LeavesTheItemInTheFirstSlot()
    {
        var room = new WaitingRoom<Item>(() => 64);
        var items = Enumerable.Range(0, 64).Select(_ => new Item()).ToArray();
        foreach (var item in items) room.Add(item);

        Assert.That(room.Remove(new Item()), Is.False);
        Assert.That(items, Has.All.Matches<Item?>(item => room.Remove(item!)));
    }

    [Test]
    public void Remove_OfAnItemWhoseNumberIsNoSlot_TakesNothingOut()
    {
        var room = new WaitingRoom<Item>(() => 1);
        var there = new Item();
        room.Add(there);

        Assert.That(room.Remove(new Item { Slot = 65_535 }), Is.False);
        Assert.That(room.TakeAll(), Is.EqualTo(new[] { there }));
    }

    [Test]
    public void Room_UsedByManyThreadsAndSwept_YieldsEachItemToOneOfThem()
    {
        const int threads = 4;
        const int each = 50_000;
        var waiting = 0;
        var removed = 0;
        var swept = 0;
        var sweeping = true;
        var room = new WaitingRoom<Item>(() => Volatile.Read(ref waiting));
        var sweeper = new Thread(() =>
        {
            while (Volatile.Read(ref sweeping))
            {
                swept += room.TakeAll().Count();
                Thread.Yield();
            }
        }) { IsBackground = true };

        Within.Time(
            () =>
            {
                sweeper.Start();
                var producers = Enumerable.Range(0, threads).Select(_ => new Thread(() =>
                {
                    var group = new Queue<Item>();
                    for (var i = 0; i < each; i++)
                    {
                        Interlocked.Increment(ref waiting);
                        var item = new Item();
                        room.Add(item);
                        group.Enqueue(item);
                        // Groups of many sizes: the room grows, and the order of leaving differs from the order of coming.
                        while (group.Count > i % 200) Leave(group.Dequeue());
                    }

                    while (group.TryDequeue(out var last)) Leave(last);
                }) { IsBackground = true }).ToArray();
                foreach (var thread in producers) thread.Start();
                foreach (var thread in producers) thread.Join();
                Volatile.Write(ref sweeping, false);
                sweeper.Join();
            },
            "every item");

        Assert.That(removed + swept, Is.EqualTo(threads * each));
        Assert.That(removed, Is.Positive);
        Assert.That(room.TakeAll(), Is.Empty);

        void Leave(Item item)
        {
            if (room.Remove(item)) Interlocked.Increment(ref removed);
            Interlocked.Decrement(ref waiting);
        }
    }

    private sealed class Item : IWaitingItem
    {
        public int Slot { get; set; }
    }
}
