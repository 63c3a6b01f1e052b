namespace TinyWorker.Tests.Construction;

/// <summary>What compiles and cannot be meant is refused at once, with the words to write instead.</summary>
internal sealed class RefusalTests
{
    private int _made;

    [Test]
    public void Constructor_WithATaskAsTOut_SaysWhatToWrite()
    {
        Refused(() => new TinyTroupe<int, Task<string>>(x => Task.FromResult("")), "TinyTroupe<Int32, String>(async x => await ...)");
        Refused(() => new TinyTroupe<int, Task<string>>((x, _) => Task.FromResult("")), "TinyTroupe<Int32, String>(async x => await ...)");
        Refused(() => new TinyTroupe<int, Task<string>>(_ => Task.FromResult(Task.FromResult(""))), "TinyTroupe<Int32, String>(async x => await ...)");
        Refused(() => new TinyTroupe<int, ValueTask<string>>(_ => new ValueTask<string>("")), "TinyTroupe<Int32, String>(async x => await ...)");
        Refused(() => new TinyTroupe<int, Task>(_ => Task.CompletedTask), "async x => await ...");
        Refused(() => new TinyTroupe<int, ValueTask>(_ => default(ValueTask)), "async x => await ...");
        Refused(() => new TinyTroupe<int, Task<string>>(_ => new Worker<Task<string>>(ref _made)), "TinyTroupe<Int32, String>(async x => await ...)");
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
    public void Constructor_WithObjectAsTOutAndAFunctionOfAnObject_Works()
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
        Assert.That(troupe.Snapshot().Accepted, Is.Zero);
        Assert.That(calls, Is.Zero);
    }

    [Test]
    public void Submit_WithObjectAsTInOfAFutureOrTaskOfObject_Chains()
    {
        using var troupe = new TinyTroupe<object, object>(x => x, new() { Workers = 1 });
        Assert.That(Within.Time(troupe.Submit(TinyFuture.FromResult<object>("a"))), Is.EqualTo("a"));
        Assert.That(Within.Time(troupe.Submit(Task.FromResult<object>("b"))), Is.EqualTo("b"));
        Assert.That(Within.Time(troupe.Submit((object)"c")), Is.EqualTo("c"));
    }

    [Test]
    public void Submit_OfNoFutureOrNoTask_NamesItsArgument()
    {
        using var troupe = new TinyTroupe<int, int>(x => x, new() { Workers = 1 });
        Assert.That(() => troupe.Submit((Task<int>)null!), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("input"));
        Assert.That(() => troupe.SubmitAsync((Task<int>)null!), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("input"));
        Assert.That(() => troupe.Submit((TinyFuture<int>)null!), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("input"));
        Assert.That(() => troupe.SubmitAsync((TinyFuture<int>)null!), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("input"));
    }

    private static IEnumerable<TestCaseData> Unfinished() =>
    [
        new TestCaseData(new TinyFutureSource<int>().Future, "TinyFuture").SetArgDisplayNames("a future"),
        new TestCaseData(TinyFuture.FromResult(1).Then(x => x), "TinyFuture").SetArgDisplayNames("a step of a future"),
        new TestCaseData(new TaskCompletionSource<int>().Task, "Task").SetArgDisplayNames("a task"),
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
