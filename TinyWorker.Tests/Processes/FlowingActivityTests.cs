using System.Diagnostics;
using TinyWorker.Processes.Protocol;

namespace TinyWorker.Tests.Processes;

internal sealed class FlowingActivityTests
{
    [TestCase(null)]
    [TestCase("vendor=1,other=2")]
    public void Activity_OnItsWay_KeepsItsIdAndItsTraceState(string? state)
    {
        using var here = new Activity("one\nof two lines") { TraceStateString = state }.Start();
        using var there = ActivityHeader.Make(ActivityHeader.Describe(here)).Start();
        Assert.That((there.ParentId, there.TraceId, there.TraceStateString), Is.EqualTo((here.Id, here.TraceId, state)));
    }

    [Test]
    public void Activity_OnItsWay_KeepsItsBaggageInOrder()
    {
        using var here = new Activity("one");
        here.AddBaggage("a", "1").AddBaggage("b, c=d\n", "2=3").AddBaggage("nothing", null).AddBaggage("a", "").Start();
        using var there = ActivityHeader.Make(ActivityHeader.Describe(here)).Start();
        Assert.That(there.Baggage, Is.EqualTo(here.Baggage));
    }
}
