using System.Globalization;

namespace TinyWorker.Tests.Contract;

// The submitter's execution context flows into the task if FlowExecutionContext asks for it.
public abstract partial class TroupeContract
{
    private static readonly AsyncLocal<string?> Ambient = new();

    [TestCase(true)]
    [TestCase(false)]
    [SharesMemory("an execution context")]
    public async Task AsyncLocal_OfTheSubmitter_FlowsIntoTheTaskOnlyIfTheOptionsSaySo(bool flows)
    {
        var troupe = new TinyTroupe<int, string?>(
            async _ =>
            {
                var before = Ambient.Value;
                await Task.Yield();
                return before == Ambient.Value ? before : "lost";
            },
            Options() with { FlowExecutionContext = flows });
        Assert.That(Within.Time(troupe.Submit(0)), Is.Null);
        Ambient.Value = "mine";
        Assert.That(Within.Time(troupe.Submit(0)), Is.EqualTo(flows ? "mine" : null));
        Ambient.Value = "another";
        Assert.That(Within.Time(await troupe.SubmitAsync(0)), Is.EqualTo(flows ? "another" : null));
        Assert.That(troupe.Map([0, 0]), Is.All.EqualTo(flows ? "another" : null));
        Ambient.Value = null;
        Assert.That(Within.Time(troupe.Submit(0)), Is.Null, "nothing is left in the worker");
        await End(troupe);
    }

    [Test]
    [SharesMemory("an execution context")]
    public async Task Context_ThatFlowed_IsThatOfWhoeverSubmittedTheTaskOfAChain()
    {
        var input = new TinyFutureSource<int>();
        var options = Options() with { FlowExecutionContext = true };
        var first = new TinyTroupe<int, string?>(_ => Ambient.Value, options);
        var second = new TinyTroupe<string?, string?>(text => $"{text}, {Ambient.Value}", options);
        Ambient.Value = "first";
        var one = first.Submit(input.Future);
        Ambient.Value = "second";
        var two = second.Submit(one);
        Ambient.Value = "completer";
        input.TrySetResult(1);
        Assert.That(Within.Time(two), Is.EqualTo("first, second"));
        await End(first);
        await End(second);
    }

    [Test]
    [SharesMemory("an execution context")]
    public async Task Culture_OfTheSubmitter_FlowsIntoTheTask()
    {
        var troupe = new TinyTroupe<double, string>(
            x => x.ToString(CultureInfo.CurrentCulture), Options() with { FlowExecutionContext = true });
        var before = CultureInfo.CurrentCulture;
        var own = Within.Time(troupe.Submit(1.5));
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();   // any other may be missing on this machine
        culture.NumberFormat.NumberDecimalSeparator = "~";
        CultureInfo.CurrentCulture = culture;
        var flowed = Within.Time(troupe.Submit(1.5));
        CultureInfo.CurrentCulture = before;
        Assert.That((flowed, Within.Time(troupe.Submit(1.5))), Is.EqualTo(("1~5", own)));
        await End(troupe);
    }

    [Test]
    [SharesMemory("an execution context")]
    public async Task Context_ThatATaskChanges_IsTheNextTasksOwn()
    {
        var troupe = new TinyTroupe<int, string?>(
            _ =>
            {
                var before = Ambient.Value;
                Ambient.Value = "left behind";
                return before;
            },
            Options() with { FlowExecutionContext = true });
        Ambient.Value = "mine";
        for (var i = 0; i < 3; i++) Assert.That(Within.Time(troupe.Submit(0)), Is.EqualTo("mine"));
        Assert.That(Ambient.Value, Is.EqualTo("mine"));
        await End(troupe);
    }

    [Test]
    [SharesMemory("its own troupe")]
    public async Task Wait_OfAWorkerForItsOwnTroupe_IsRefusedInAContextThatFlowed()
    {
        var never = new TinyFutureSource<int>();
        TinyTroupe<int, int>? troupe = null;
        troupe = new TinyTroupe<int, int>(
            async x => x == 0 ? await troupe!.Submit(never.Future) : x, Options() with { FlowExecutionContext = true, Capacity = 1 });
        Ambient.Value = "mine";
        var future = troupe.Submit(0);
        WaitForEnd(future);
        Assert.That(future.Exception, Is.InstanceOf<InvalidOperationException>());
        never.TrySetResult(1);
        await End(troupe);
    }

    [Test]
    [SharesMemory("an execution context")]
    public async Task Context_ThatFlowed_IsCollectableOnceTheTaskHasEnded()
    {
        var local = new AsyncLocal<object?>();
        var troupe = new TinyTroupe<int, int>(x => x, Options() with { FlowExecutionContext = true });
        var (future, flowing) = Submit(local, troupe);
        Within.Until(() => IsGone(flowing), "the context to be collected");
        GC.KeepAlive(future);
        await End(troupe);

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static (TinyFuture<int> Future, WeakReference Flowing) Submit(AsyncLocal<object?> local, TinyTroupe<int, int> troupe)
        {
            var flowing = new object();
            local.Value = flowing;
            var future = troupe.Submit(1);
            local.Value = null;
            WaitForEnd(future);
            return (future, new WeakReference(flowing));
        }
    }
}
