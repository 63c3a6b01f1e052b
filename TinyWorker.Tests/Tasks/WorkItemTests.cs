using TinyWorker.Tasks;

namespace TinyWorker.Tests.Tasks;

internal sealed class WorkItemTests
{
    [Test]
    public void WorkItem_OfIntToInt_Takes48Bytes()
    {
        using var troupe = new TinyTroupe<int, int>(x => x, new InlineTroupeOptions { Workers = 1 });
        var core = troupe.Inside.Core;
        Assert.That(BytesOf(i => new WorkItem<int, int>(core, i)), Is.EqualTo(48).Within(0.5));
    }

    [Test]
    public void WorkItem_OfADependent_Takes56Bytes()
    {
        using var troupe = new TinyTroupe<int, int>(x => x, new InlineTroupeOptions { Workers = 1 });
        var (core, source) = (troupe.Inside.Core, new TinyFutureSource<int>());
        Assert.That(BytesOf(_ => new ChainedWorkItem<int, int>(core, source.Future)), Is.EqualTo(56).Within(0.5));
    }

    private static double BytesOf(Func<int, object> make)
    {
        var kept = new object[1_000];
        kept[0] = make(0);   // whatever the runtime does once
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < kept.Length; i++) kept[i] = make(i);
        var bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        GC.KeepAlive(kept);
        return (double)bytes / kept.Length;
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
