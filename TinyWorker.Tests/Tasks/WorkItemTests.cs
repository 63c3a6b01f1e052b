using TinyWorker.Tasks;

namespace TinyWorker.Tests.Tasks;

internal sealed class WorkItemTests
{
    [Test]
    public void WorkItem_OfIntToInt_Takes56Bytes()
    {
        using var troupe = new TinyTroupe<int, int>(x => x, new InlineTroupeOptions { Workers = 1 });
        var core = troupe.Inside.Core;
        var kept = new WorkItem<int, int>[1_000];
        kept[0] = new WorkItem<int, int>(core, 0);   // whatever the runtime does once
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < kept.Length; i++) kept[i] = new WorkItem<int, int>(core, i);
        Assert.That((double)(GC.GetAllocatedBytesForCurrentThread() - before) / kept.Length, Is.EqualTo(56).Within(0.5));
        GC.KeepAlive(kept);
    }

    [Test]
    public void Task_ThatAsksForNothing_KeepsNoTerms()
    {
        using var troupe = new TinyTroupe<int, int>(x => x, new InlineTroupeOptions { Workers = 1 });
        var plain = (WorkItem<int, int>)troupe.Submit(1);
        var empty = (WorkItem<int, int>)troupe.Submit(1, default(SubmitOptions));
        Assert.That((plain.Terms, empty.Terms), Is.EqualTo(((SubmitTerms?)null, (SubmitTerms?)null)));
        Assert.That(((WorkItem<int, int>)troupe.Submit(1, new() { Priority = 1 })).Terms, Is.Not.Null);
    }
}
