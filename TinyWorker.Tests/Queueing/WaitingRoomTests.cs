using TinyWorker.Queueing;

namespace TinyWorker.Tests.Queueing;

internal sealed class WaitingRoomTests
{
    [Test]
    public void Room_WithManyWaiting_FindsEachOnceWhenAllAreTaken()
    {
        var guests = Enumerable.Range(0, 10_000).Select(_ => new Guest()).ToArray();
        var seated = 0;
        var room = new WaitingRoom<Guest>(() => seated);
        foreach (var guest in guests)
        {
            room.Add(guest);
            seated++;
        }

        var taken = room.TakeAll().ToArray();

        Assert.That(taken, Has.Length.EqualTo(guests.Length));
        Assert.That(new HashSet<Guest>(taken).SetEquals(guests), Is.True);
        Assert.That(room.TakeAll(), Is.Empty);
        Assert.That(room.Remove(guests[0]), Is.False);
    }

    [Test]
    public void Remove_OfAGuestWhoNeverSatDown_LeavesTheOneInTheFirstSeat()
    {
        var room = new WaitingRoom<Guest>(() => 64);
        var guests = Enumerable.Range(0, 64).Select(_ => new Guest()).ToArray();
        foreach (var guest in guests) room.Add(guest);

        Assert.That(room.Remove(new Guest()), Is.False);
        Assert.That(guests, Has.All.Matches<Guest?>(guest => room.Remove(guest!)));
    }

    [Test]
    public void Room_UsedByManyThreadsAndSwept_GivesEachGuestToOne()
    {
        const int threads = 4;
        const int each = 50_000;
        var waiting = 0;
        var removed = 0;
        var swept = 0;
        var sweeping = true;
        var room = new WaitingRoom<Guest>(() => Volatile.Read(ref waiting));
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
                var guests = Enumerable.Range(0, threads).Select(me => new Thread(() =>
                {
                    var group = new Queue<Guest>();
                    for (var i = 0; i < each; i++)
                    {
                        Interlocked.Increment(ref waiting);
                        var guest = new Guest();
                        room.Add(guest);
                        group.Enqueue(guest);
                        // Groups of many sizes: the room grows, and its seats come free in another order than they were taken.
                        while (group.Count > i % 200) Leave(group.Dequeue());
                    }

                    while (group.TryDequeue(out var last)) Leave(last);
                }) { IsBackground = true }).ToArray();
                foreach (var thread in guests) thread.Start();
                foreach (var thread in guests) thread.Join();
                Volatile.Write(ref sweeping, false);
                sweeper.Join();
            },
            "every guest");

        Assert.That(removed + swept, Is.EqualTo(threads * each));
        Assert.That(removed, Is.Positive);
        Assert.That(room.TakeAll(), Is.Empty);

        void Leave(Guest guest)
        {
            if (room.Remove(guest)) Interlocked.Increment(ref removed);
            Interlocked.Decrement(ref waiting);
        }
    }

    private sealed class Guest : IWaitingItem
    {
        public int Seat { get; set; }
    }
}
