using NUnit.Framework.Constraints;

namespace TinyWorker.Tests.Construction;

/// <summary>Code that compiles, but cannot be what its author means, is refused at once. The message says what to write instead.</summary>
internal sealed class RefusalTests
{
    private const string WriteAwait = "TinyTroupe<Int32, String>(async x => await ...)";

    private int _made;

    [Test]
    public void Constructor_WithATaskAsTOut_SaysWhatToWrite()
    {
        Refused(() => new TinyTroupe<int, Task<string>>(x => Task.FromResult("")), WriteAwait);
        Refused(() => new TinyTroupe<int, Task<string>>((x, _) => Task.FromResult("")), WriteAwait);
        Refused(() => new TinyTroupe<int, Task<string>>(_ => Task.FromResult(Task.FromResult(""))), WriteAwait);
        Refused(() => new TinyTroupe<int, ValueTask<string>>(_ => new ValueTask<string>("")), WriteAwait);
        Refused(() => new TinyTroupe<int, Task>(_ => Task.CompletedTask), "async x => await ...");
        Refused(() => new TinyTroupe<int, ValueTask>(_ => default(ValueTask)), "async x => await ...");
        Refused(() => new TinyTroupe<int, Task<string>>(_ => new Worker<Task<string>>(ref _made)), WriteAwait);
        Assert.That(_made, Is.Zero);
    }

    [Test]
    public void Constructor_WithObjectAsTOutAndAMethodThatReturnsATask_NamesTheMethodAndSaysWhatToWrite()
    {
        Refused(() => new TinyTroupe<int, object>(ReturnsATask), nameof(ReturnsATask));
        Refused(() => new TinyTroupe<int, object>(ReturnsATask), "TinyTroupe<Int32, Int64>(async x => await ...)");
        Refused(() => new TinyTroupe<int, object>(ReturnsATaskAndTakesAToken), nameof(ReturnsATaskAndTakesAToken));
        Refused(() => new TinyTroupe<int, object>(ReturnsAnEmptyTask), nameof(ReturnsAnEmptyTask));
        Refused(() => new TinyTroupe<int, object>((Func<int, Task<long>>)ReturnsATask), nameof(ReturnsATask));
    }

    [Test]
    public void Constructor_WithObjectAsTOutAndAFunctionThatReturnsAnObject_MakesATroupe()
    {
        using var troupe = new TinyTroupe<int, object>(x => x + 1, new() { Workers = 1 });
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(2));
    }

    [TestCaseSource(nameof(Unfinished))]
    public void Submit_WithObjectAsTInOfSomethingUnfinished_SaysWhatToWrite(object input, string kind)
    {
        var calls = 0;
        using var troupe = new TinyTroupe<object, int>(_ => ++calls, new() { Workers = 1 });
        Refused(() => troupe.Submit(input), "Then", kind);
        Refused(() => troupe.SubmitAsync(input).AsTask(), "Then", kind);
        Refused(() => troupe.TrySubmit(input, out _), "Then", kind);
        Refused(() => troupe.Map([input]).ToArray(), "Then", kind);
        Assert.That(() => Within.Time(troupe.CallAsync(input).AsTask()), Throws.ArgumentException.With.Message.Contains(kind));
        Assert.That(troupe.Snapshot().Accepted, Is.Zero);
        Assert.That(calls, Is.Zero);
    }

    [Test]
    public async Task Submit_WithObjectAsTInOfAFutureOrTaskOfObject_ChainsHoweverItIsTyped()
    {
        using var troupe = new TinyTroupe<object, object>(x => x, new() { Workers = 1 });
        var (future, task) = (TinyFuture.FromResult<object>("a"), Task.FromResult<object>("b"));
        var unfinished = new TinyFutureSource<object>();
        Assert.That(Within.Time(troupe.Submit(future)), Is.EqualTo("a"));
        Assert.That(Within.Time(troupe.Submit(task)), Is.EqualTo("b"));
        Assert.That(Within.Time(troupe.Submit((object)future)), Is.EqualTo("a"));
        Assert.That(Within.Time(await troupe.SubmitAsync((object)task)), Is.EqualTo("b"));
        Assert.That(await Within.Time(troupe.CallAsync(future).AsTask()), Is.EqualTo("a"));
        Assert.That(troupe.TrySubmit(task, out var tried) ? Within.Time(tried) : null, Is.EqualTo("b"));
        Assert.That(troupe.Map([future, task, "c"]), Is.EqualTo(new[] { "a", "b", "c" }));
        Assert.That(Within.Time(troupe.Submit("c")), Is.EqualTo("c"));

        var chained = troupe.Submit(unfinished.Future);
        Assert.That(chained.Status, Is.EqualTo(TinyFutureStatus.Pending));
        unfinished.TrySetResult("d");
        Assert.That(Within.Time(chained), Is.EqualTo("d"));
    }

    // A task is disposable and an IAsyncResult: a task of such an input is a task, and any other task is an input like any other.
    [Test]
    public void Submit_OfATaskWhereEveryTaskIsAnInput_ChainsATaskOfInputsOnly()
    {
        using var stream = new MemoryStream();
        using var names = new TinyTroupe<IDisposable, string>(x => x.GetType().Name, new() { Workers = 1 });
        using var results = new TinyTroupe<IAsyncResult, bool>(x => x.IsCompleted, new() { Workers = 1 });
        Assert.That(Within.Time(names.Submit(Task.FromResult<IDisposable>(stream))), Is.EqualTo("MemoryStream"));
        Assert.That(Within.Time(names.Submit(stream)), Is.EqualTo("MemoryStream"));
        Assert.That(Within.Time(results.Submit(Task.FromResult(1))), Is.True);
    }

    [Test]
    public void CallAsync_OfNoTroupe_NamesItsArgument() =>
        Assert.That(
            () => ((ITinyTroupe<int, int>)null!).CallAsync(1).AsTask(),
            Throws.ArgumentNullException.With.Property("ParamName").EqualTo("troupe"));

    [Test]
    public void Submit_OfNoFutureOrNoTask_NamesItsArgument()
    {
        using var troupe = new TinyTroupe<int, int>(x => x, new() { Workers = 1 });
        Assert.That(() => troupe.Submit((Task<int>)null!), NamesItsArgument());
        Assert.That(() => troupe.SubmitAsync((Task<int>)null!), NamesItsArgument());
        Assert.That(() => troupe.Submit((TinyFuture<int>)null!), NamesItsArgument());
        Assert.That(() => troupe.SubmitAsync((TinyFuture<int>)null!), NamesItsArgument());

        static IResolveConstraint NamesItsArgument() => Throws.ArgumentNullException.With.Property("ParamName").EqualTo("input");
    }

    private static IEnumerable<TestCaseData> Unfinished() =>
    [
        new TestCaseData(new TinyFutureSource<int>().Future, "TinyFuture").SetArgDisplayNames("a future"),
        new TestCaseData(TinyFuture.FromResult(1).Then(x => x), "TinyFuture").SetArgDisplayNames("a step of a future"),
        new TestCaseData(new TaskCompletionSource<int>().Task, "Task").SetArgDisplayNames("a task"),
        new TestCaseData(new ValueTask<int>(1), "ValueTask").SetArgDisplayNames("a value task"),
        new TestCaseData(Task.CompletedTask, "Task").SetArgDisplayNames("a task without a result"),
    ];

    private static void Refused(Func<object> step, params string[] words)
    {
        var refusal = Assert.Throws<ArgumentException>(() => step());
        foreach (var word in words) Assert.That(refusal!.Message, Does.Contain(word));
    }

    private static Task<long> ReturnsATask(int x) => Task.FromResult((long)x);

    private static Task<long> ReturnsATaskAndTakesAToken(int x, CancellationToken cancellationToken) => Task.FromResult((long)x);

    private static Task ReturnsAnEmptyTask(int x) => Task.CompletedTask;

    private sealed class Worker<TOut> : ITinyWorker<int, TOut>
    {
        public Worker(ref int made) => Interlocked.Increment(ref made);

        public ValueTask<TOut> CallAsync(int input, CancellationToken cancellationToken) => default;
    }
}
