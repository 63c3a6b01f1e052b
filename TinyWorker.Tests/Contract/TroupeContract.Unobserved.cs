using System.Runtime.CompilerServices;
using TinyWorker.Diagnostics;

namespace TinyWorker.Tests.Contract;

// A fault at which nobody looks is told: in the log of its troupe, and by TaskScheduler.UnobservedTaskException.
public abstract partial class TroupeContract
{
    private static readonly string[] Looks =
    [
        "Result", "Result with a timeout", "await", "await before the end", "Exception", "callback", "callback before the end", "AsTask",
        "AsTask before the end", "WaitAsync", "Recover", "a step", "a dependent task", "WhenAll", "WhenAll before the end",
        "Map", "Map that was left", "MapOutcomes", "MapAsync", "MapOutcomesAsync",
    ];

    private static readonly string[] NoLooks =
    [
        "nothing", "Status", "IsCompleted", "ToString", "Result that timed out", "WaitAsync that timed out", "a step that was cancelled",
        "a dependent task that was cancelled", "WhenAny", "WhenEach", "Cancel",
    ];

    [Test]
    public async Task Fault_AtWhichNobodyHasLooked_IsToldOnceWhenItsFutureIsCollected([ValueSource(nameof(NoLooks))] string use)
    {
        using var loggers = new FakeLoggers();
        using var raised = new RaisedFaults();
        var troupe = Faulting(loggers);
        var fault = NewName();
        await FaultWithoutALook(troupe, fault, use);
        await UntilTold(loggers, raised, fault);
        await End(troupe);
        Collect();
        Assert.That((Logged(loggers, fault), raised.CountOf(fault)), Is.EqualTo((1, 1)));
    }

    [Test]
    public async Task Fault_AtWhichNobodyHasLookedWhenTheTroupeEnds_IsLoggedThenAndNotAgain()
    {
        using var loggers = new FakeLoggers();
        using var raised = new RaisedFaults();
        var faults = Enumerable.Range(0, 100).Select(_ => NewName()).ToArray();
        var held = await EndAndHold(faults);
        Assert.That(faults.Select(fault => Logged(loggers, fault)), Is.All.EqualTo(1));
        Assert.That(faults.Select(raised.CountOf), Is.All.Zero, "a look at the future would still do for the framework");
        GC.KeepAlive(held);
        held = null;
        await Task.Yield();   // leaves the stack of whoever was awaited: it may hold the futures
        Within.Until(
            () =>
            {
                Collect();
                return Array.TrueForAll(faults, fault => raised.CountOf(fault) == 1);
            },
            "the event");
        Assert.That(faults.Select(fault => Logged(loggers, fault)), Is.All.EqualTo(1));

        [MethodImpl(MethodImplOptions.NoInlining)]
        async Task<TinyFuture<int>[]?> EndAndHold(string[] faults)
        {
            var troupe = Faulting(loggers);
            var futures = new List<TinyFuture<int>>();
            foreach (var fault in faults) futures.Add(await troupe.SubmitAsync(fault));
            await End(troupe);
            return [.. futures];
        }
    }

    [Test]
    public async Task Fault_AtWhichSomebodyHasLooked_IsNotTold([ValueSource(nameof(Looks))] string look)
    {
        using var loggers = new FakeLoggers();
        using var raised = new RaisedFaults();
        var troupe = Faulting(loggers);
        var (seen, unseen) = (NewName(), NewName());
        await LookAtIt(troupe, seen, look);
        Forget(troupe, unseen);
        await UntilTold(loggers, raised, unseen);
        Collect();
        await End(troupe);
        Assert.That((Logged(loggers, seen), raised.CountOf(seen)), Is.EqualTo((0, 0)));

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Forget(TinyTroupe<string, int> troupe, string fault) => WaitForEnd(troupe.Submit(fault));
    }

    [TestCase("a step", 1)]
    [TestCase("a step that throws", 1)]
    [TestCase("a dependent task", 1)]
    [TestCase("WhenAll", 1)]
    [TestCase("WhenAll that was cancelled", 1)]
    [TestCase("Recover that throws", 1)]
    [TestCase("two steps", 2)]
    public async Task Fault_ThatADependentTookOver_IsToldOnceForEachDependentAtWhichNobodyHasLooked(string dependent, int times)
    {
        using var loggers = new FakeLoggers();
        using var raised = new RaisedFaults();
        var troupe = Faulting(loggers);
        var fault = NewName();
        Depend(troupe, fault, dependent);
        Within.Until(
            () =>
            {
                Collect();
                return Logged(loggers, fault) >= times && raised.CountOf(fault) >= times;
            },
            "the log and the event");
        Collect();
        await End(troupe);
        Assert.That((Logged(loggers, fault), raised.CountOf(fault)), Is.EqualTo((times, times)));

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Depend(TinyTroupe<string, int> troupe, string fault, string dependent)
        {
            var input = troupe.Submit(fault);
            switch (dependent)
            {
                case "a step":
                    WaitForEnd(input.Then(x => x + 1));
                    break;
                case "a step that throws":
                    WaitForEnd(troupe.Submit("").Then(int (_) => throw new FormatException(fault)));
                    WaitForEnd(input);
                    _ = input.Exception;
                    break;
                case "a dependent task":
                    WaitForEnd(troupe.Submit(input.Then(x => $"{x}")));
                    break;
                case "WhenAll":
                    WaitForEnd(TinyFuture.WhenAll([troupe.Submit(""), input]));
                    break;
                case "WhenAll that was cancelled":
                    WaitForEnd(input);
                    Assert.That(TinyFuture.WhenAll([input, new TinyFutureSource<int>().Future]).Cancel());
                    break;
                case "Recover that throws":
                    WaitForEnd(input.Recover(e => throw new FormatException(e.Message)));
                    break;
                default:
                    WaitForEnd(input.Then(x => x + 1));
                    WaitForEnd(input.Then(x => x + 2));
                    break;
            }
        }
    }

    [Test]
    public async Task Fault_WhoseAwaiterIsThereWhenTheTroupeEnds_IsNotTold()
    {
        using var loggers = new FakeLoggers();
        for (var i = 0; i < 20; i++)
        {
            var first = Faulting(loggers);
            var second = Faulting(loggers);
            var end = second.Submit(second.Submit(first.Submit(NewName()).Then(x => $"{x}")).Then(x => $"{x}"));
            var awaited = CaughtAsync(async () => await end);
            await End(first);
            await End(second);
            Assert.That(await Within.Time(awaited), Is.InstanceOf<FormatException>());
        }

        Assert.That(loggers.CountOf(Log.FaultUnobservedId), Is.Zero);
    }

    [Test]
    public async Task Fault_AtWhichNobodyHasLooked_KeepsNeitherItsFutureNorItsExceptionAlive()
    {
        var troupe = Faulting(loggers: null);
        var (future, exception) = Run(troupe);
        Within.Until(() => IsGone(future), "the future to be collected");
        Within.Until(() => IsGone(exception), "the exception to be collected");
        await End(troupe);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static (WeakReference Future, WeakReference Exception) Run(TinyTroupe<string, int> troupe)
        {
            var future = troupe.Submit(NewName());
            WaitForEnd(future);
            return (new WeakReference(future), new WeakReference(future.PeekedFailure!.Exception));
        }
    }

    [Test]
    public async Task Cancellation_AtWhichNobodyHasLooked_IsNotTold()
    {
        using var loggers = new FakeLoggers();
        var pending = new TinyFutureSource<string>();
        var troupe = Faulting(loggers);
        Assert.That(troupe.Submit(pending.Future).Cancel());
        _ = troupe.Submit(pending.Future);
        troupe.Abort();
        await End(troupe);
        Assert.That(loggers.CountOf(Log.FaultUnobservedId), Is.Zero);
    }

    private TinyTroupe<string, int> Faulting(FakeLoggers? loggers) => new(
        text => text.Length == 0 ? 0 : throw new FormatException(text), Options(new Settings { Loggers = loggers }));

    private static string NewName() => $"fault {Guid.NewGuid():N}";

    private static int Logged(FakeLoggers loggers, string fault) => loggers.Records.Count(
        record => record.Id.Id == Log.FaultUnobservedId && record.Exception?.Message == fault);

    private static async Task UntilTold(FakeLoggers loggers, RaisedFaults raised, string fault)
    {
        await Task.Yield();   // leaves the stack of whoever was awaited: it may hold the future
        Within.Until(
            () =>
            {
                Collect();
                return Logged(loggers, fault) > 0 && raised.CountOf(fault) > 0;
            },
            () => $"the log ({Logged(loggers, fault)}) and the event ({raised.CountOf(fault)}); all events: {raised}");
    }

    private static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task FaultWithoutALook(TinyTroupe<string, int> troupe, string fault, string use)
    {
        var input = new TinyFutureSource<string>();
        var future = troupe.Submit(input.Future);
        var other = new TinyFutureSource<int>();
        switch (use)
        {
            case "Result that timed out":
                Assert.That(() => future.Result(TimeSpan.FromMilliseconds(1)), Throws.TypeOf<TimeoutException>());
                break;
            case "WaitAsync that timed out":
                Assert.That(await CaughtAsync(() => future.WaitAsync(TimeSpan.FromMilliseconds(1))), Is.TypeOf<TimeoutException>());
                break;
            case "a step that was cancelled":
                Assert.That(future.Then(x => x).Cancel());
                break;
            case "a dependent task that was cancelled":
                var echoes = new TinyTroupe<int, int>(x => x, new InlineTroupeOptions { Workers = 1 });
                Assert.That(echoes.Submit(future).Cancel());
                await End(echoes);
                break;
        }

        input.TrySetResult(fault);
        WaitForEnd(future);
        switch (use)
        {
            case "Status":
                Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Faulted));
                break;
            case "IsCompleted":
                Assert.That(future.IsCompleted);
                break;
            case "ToString":
                Assert.That(future.ToString(), Does.Contain("Faulted"));
                break;
            case "WhenAny":
                await TinyFuture.WhenAny([future, other.Future]);
                break;
            case "WhenEach":
                await foreach (var _ in TinyFuture.WhenEach([future])) break;
                break;
            case "Cancel":
                Assert.That(future.Cancel(), Is.False);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task LookAtIt(TinyTroupe<string, int> troupe, string fault, string look)
    {
        switch (look)
        {
            case "Map":
                Assert.That(() => troupe.Map([fault]).ToArray(), Throws.TypeOf<FormatException>());
                return;
            case "Map that was left":
                foreach (var _ in troupe.Map(["", fault, fault, fault], new MapOptions { Window = 4 })) break;
                return;
            case "MapOutcomes":
                Assert.That(troupe.MapOutcomes([fault]).Single().IsSuccess, Is.False);
                return;
            case "MapAsync":
                Assert.That(
                    await CaughtAsync(async () => { await foreach (var _ in troupe.MapAsync([fault, fault])) { } }),
                    Is.TypeOf<FormatException>());
                return;
            case "MapOutcomesAsync":
                await foreach (var outcome in troupe.MapOutcomesAsync([fault])) Assert.That(outcome.IsSuccess, Is.False);
                return;
        }

        var pending = new TinyFutureSource<string>();
        var future = troupe.Submit(pending.Future);
        using var called = new ManualResetEventSlim();
        Task? before = look switch
        {
            "await before the end" => CaughtAsync(async () => await future),
            "AsTask before the end" => CaughtAsync(() => future.AsTask()),
            "WhenAll before the end" => CaughtAsync(async () => await TinyFuture.WhenAll([future, future])),
            _ => null,
        };
        if (look == "callback before the end") future.OnCompleted(_ => called.Set());
        pending.TrySetResult(fault);
        WaitForEnd(future);
        if (before is not null) await Within.Time(before);
        Exception? caught = null;
        switch (look)
        {
            case "Result":
                caught = Caught(() => future.Result());
                break;
            case "Result with a timeout":
                caught = Caught(() => future.Result(TimeSpan.Zero));
                break;
            case "await":
                caught = await CaughtAsync(async () => await future);
                break;
            case "Exception":
                caught = future.Exception;
                break;
            case "callback":
                future.OnCompleted(_ => called.Set());
                break;
            case "AsTask":
                caught = await CaughtAsync(() => future.AsTask());
                break;
            case "WaitAsync":
                caught = await CaughtAsync(() => future.WaitAsync(TimeSpan.Zero));
                break;
            case "Recover":
                Assert.That(Within.Time(future.Recover(_ => 7)), Is.EqualTo(7));
                break;
            case "a step":
                caught = await CaughtAsync(async () => await future.Then(x => x));
                break;
            case "a dependent task":
                caught = await CaughtAsync(async () => await troupe.Submit(future.Then(x => $"{x}")));
                break;
            case "WhenAll":
                caught = await CaughtAsync(async () => await TinyFuture.WhenAll(troupe.Submit(""), future));
                break;
        }

        if (look.StartsWith("callback", StringComparison.Ordinal)) Within.Wait(called);
        else if (before is null && look != "Recover") Assert.That(caught, Is.InstanceOf<FormatException>());
    }
}
