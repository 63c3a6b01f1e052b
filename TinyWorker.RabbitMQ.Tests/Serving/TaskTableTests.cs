using TinyWorker.RabbitMQ.Messages;
using TinyWorker.RabbitMQ.Serving;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>What a host knows of ids, and how much it remembers.</summary>
[TestFixture]
public sealed class TaskTableTests
{
    private readonly FakeChannel _channel = new();

    [Test]
    public void Id_Unknown_IsToBeRunAndThenJoined()
    {
        var table = new TaskTable(10, 100_000);
        var task = Task("a", 1);
        Assert.That(table.Find("a", Delivery(1), out _), Is.EqualTo(Knowledge.None));
        Assert.That(table.Add(task, out _), Is.EqualTo(Knowledge.None));

        Assert.That(table.Find("a", Delivery(2), out _), Is.EqualTo(Knowledge.Running));
        Assert.That(table.Add(Task("a", 3), out _), Is.EqualTo(Knowledge.Running));

        Assert.That(Tags(table.End(task, Reply("a"))), Is.EqualTo(new[] { 1, 2, 3 }));
        Assert.That((table.Running, table.Remembered), Is.EqualTo((0, 1)));
    }

    [Test]
    public void Task_Ended_IsAnsweredFromMemory()
    {
        var table = new TaskTable(10, 100_000);
        var task = Task("a", 1);
        table.Add(task, out _);
        var reply = Reply("a");
        table.End(task, reply);

        Assert.That(table.Find("a", Delivery(2), out var kept), Is.EqualTo(Knowledge.Ended));
        Assert.That(kept, Is.SameAs(reply));
    }

    [Test]
    public void Task_Returned_IsForgottenAndMayRunAgain()
    {
        var table = new TaskTable(10, 100_000);
        var task = Task("a", 1);
        table.Add(task, out _);

        Assert.That(Tags(table.Return(task)), Is.EqualTo(new[] { 1 }));

        Assert.That(table.Return(task).Count, Is.Zero);
        Assert.That(table.Find("a", Delivery(2), out _), Is.EqualTo(Knowledge.None));
    }

    [Test]
    public void Task_ThatEndsAfterItWasReturned_HasNoDeliveriesAndItsReplyIsKept()
    {
        var table = new TaskTable(10, 100_000);
        var task = Task("a", 1);
        table.Add(task, out _);
        table.Return(task);

        Assert.That(table.End(task, Reply("a")).Count, Is.Zero);

        Assert.That(table.Find("a", Delivery(2), out _), Is.EqualTo(Knowledge.Ended));
    }

    [Test]
    public void Task_ThatEndsAfterItWasReturnedAndRunsAgain_LeavesTheSecondRunAlone()
    {
        var table = new TaskTable(10, 100_000);
        var (first, second) = (Task("a", 1), Task("a", 2));
        table.Add(first, out _);
        table.Return(first);
        table.Add(second, out _);

        table.End(first, Reply("a"));

        Assert.That(table.Find("a", Delivery(3), out _), Is.EqualTo(Knowledge.Running));
        Assert.That(Tags(table.End(second, Reply("a"))), Is.EqualTo(new[] { 2, 3 }));
    }

    [Test]
    public void Remembered_BeyondTheNumber_DropsTheOldest()
    {
        var table = new TaskTable(3, 100_000);

        for (var i = 0; i < 5; i++) End(table, $"t{i}");

        Assert.That(table.Remembered, Is.EqualTo(3));
        Assert.That(Enumerable.Range(0, 5).Select(i => table.Find($"t{i}", Delivery(9), out _)), Is.EqualTo(new[]
        {
            Knowledge.None, Knowledge.None, Knowledge.Ended, Knowledge.Ended, Knowledge.Ended,
        }));
    }

    [Test]
    public void Remembered_BeyondTheBytes_DropsTheOldest()
    {
        var size = Reply("t0", 1000).Size;
        var table = new TaskTable(100, (2 * size) + 1);

        for (var i = 0; i < 3; i++) End(table, $"t{i}", 1000);

        Assert.That(table.Remembered, Is.EqualTo(2));
        Assert.That(table.Find("t0", Delivery(9), out _), Is.EqualTo(Knowledge.None));
    }

    [Test]
    public void Reply_LargerThanAllBytes_IsNotKeptAndDropsNoOther()
    {
        var table = new TaskTable(100, 2000);
        End(table, "small");

        End(table, "large", 3000);

        Assert.That(table.Find("small", Delivery(9), out _), Is.EqualTo(Knowledge.Ended));
        Assert.That(table.Find("large", Delivery(9), out _), Is.EqualTo(Knowledge.None));
    }

    [Test]
    public void Remembered_None_KeepsNothing()
    {
        var table = new TaskTable(0, 100_000);

        End(table, "a");

        Assert.That((table.Remembered, table.Find("a", Delivery(9), out _)), Is.EqualTo((0, Knowledge.None)));
    }

    [Test]
    public void Cancellation_OfARunningTask_GivesItAndRemembersNothing()
    {
        var table = new TaskTable(10, 100_000);
        var task = Task("a", 1);
        table.Add(task, out _);

        Assert.That(table.Cancel("a"), Is.SameAs(task));

        table.Return(task);
        Assert.That(table.Find("a", Delivery(2), out _), Is.EqualTo(Knowledge.None));
    }

    [Test]
    public void Cancellation_BeforeTheDelivery_IsRemembered()
    {
        var table = new TaskTable(10, 100_000);

        Assert.That(table.Cancel("a"), Is.Null);

        Assert.That(table.Find("a", Delivery(1), out _), Is.EqualTo(Knowledge.Cancelled));
        Assert.That(table.Add(Task("a", 1), out _), Is.EqualTo(Knowledge.Cancelled));
        Assert.That(table.Running, Is.Zero);
    }

    [Test]
    public void Cancellations_BeyondTheirNumber_DropTheOldest()
    {
        var table = new TaskTable(10, 100_000);

        for (var i = 0; i <= TaskTable.MostCancelled; i++) table.Cancel($"t{i}");

        Assert.That(table.Find("t0", Delivery(1), out _), Is.EqualTo(Knowledge.None));
        Assert.That(table.Find("t1", Delivery(1), out _), Is.EqualTo(Knowledge.Cancelled));
    }

    [Test]
    public void Overdue_Tasks_AreToldOnce()
    {
        var table = new TaskTable(10, 100_000);
        table.Add(Task("old", 1, since: 10), out _);
        table.Add(Task("young", 2, since: 30), out _);

        Assert.That(table.TakeOverdue(20).Select(static task => task.Id), Is.EqualTo(new[] { "old" }));
        Assert.That(table.TakeOverdue(20), Is.Empty);
    }

    [Test]
    public void Table_UnderManyThreads_SettlesEachDeliveryOnce()
    {
        var table = new TaskTable(20, 100_000);
        var settled = 0;
        var delivered = 0;
        Parallel.For(0, 20_000, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
        {
            var id = $"t{i % 50}";
            Interlocked.Increment(ref delivered);
            if (i % 7 == 0) table.Cancel($"c{i % 50}");
            if (table.Find(id, Delivery((ulong)i), out _) is var known && known == Knowledge.Running) return;
            if (known != Knowledge.None)
            {
                Interlocked.Increment(ref settled);
                return;
            }

            var task = Task(id, (ulong)i);
            switch (table.Add(task, out _))
            {
                case Knowledge.None:
                    var deliveries = i % 3 == 0 ? table.Return(task) : table.End(task, Reply(id));
                    Interlocked.Add(ref settled, deliveries.Count);
                    break;
                case Knowledge.Ended:
                    Interlocked.Increment(ref settled);
                    break;
            }
        });

        Assert.That((table.Running, settled), Is.EqualTo((0, delivered)));
    }

    private void End(TaskTable table, string id, int bytes = 1)
    {
        var task = Task(id, 1);
        Assert.That(table.Add(task, out _), Is.EqualTo(Knowledge.None));
        table.End(task, Reply(id, bytes));
    }

    private Delivery Delivery(ulong tag) => new(_channel, tag, "replies");

    private FakeTask Task(string id, ulong tag, long since = 0) => new(id, since, Delivery(tag));

    private static ReplyMessage Reply(string id, int bytes = 1) => new(id, TaskOutcome.Ok, "none", new byte[bytes], 1, "host", null);

    private static int[] Tags(DeliveryList deliveries) => [.. Enumerable.Range(0, deliveries.Count).Select(i => (int)deliveries[i].Tag)];

    private sealed class FakeTask(string id, long since, in Delivery delivery) : ServedTask(id, 1, since, delivery)
    {
        public override bool IsWaiting => true;

        protected override bool Stop(bool onlyIfWaiting) => false;
    }

    private sealed class FakeChannel : IDeliveryChannel
    {
        public bool IsOver => false;

        public Serving.Outbox Outbox => throw new NotSupportedException();

        public void Acknowledge(ulong tag) => throw new NotSupportedException();

        public void GiveBack(ulong tag) => throw new NotSupportedException();

        public void DeadLetter(ulong tag) => throw new NotSupportedException();
    }
}
