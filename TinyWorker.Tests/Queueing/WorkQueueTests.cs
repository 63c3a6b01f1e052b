using TinyWorker.Queueing;

namespace TinyWorker.Tests.Queueing;

internal sealed class WorkQueueTests
{
    // A task that was cancelled before it had entered: the troupe may have been drained meanwhile.
    [Test]
    public void Add_ToACompletedQueue_LeavesNothingThere()
    {
        var queue = new WorkQueue<string>();
        queue.Add("first");
        queue.Complete();
        Within.Time(() => queue.Add("late"), "the late one");
        Assert.That(queue.TryTake(out var item), Is.True, "what was there may still be taken");
        Assert.That(item, Is.EqualTo("first"));
        Assert.That(queue.TryTake(out _), Is.False);
        Assert.That(queue.Completion.IsCompleted, Is.True);
    }

    [Test]
    public void Complete_WhileShellsWereToBeDropped_LeavesThemBe()
    {
        var queue = new WorkQueue<string>();
        for (var i = 0; i < 5_000; i++) queue.Add("shell");
        queue.Complete();
        Assert.That(queue.TryDropShells(static () => 0, static _ => true, static () => { }), Is.False);
        Assert.That(queue.Count, Is.EqualTo(5_000));
    }
}
