using System.Globalization;

namespace TinyWorker.Tests.Futures;

/// <summary>Steps: Then with each kind of function, and Recover.</summary>
internal sealed class StepTests
{
    private static readonly TinyFuture<int> One = TinyFuture.FromResult(1);

    // Each way to write the function binds as its author means. That this compiles is a part of the test.
    [Test]
    public void Then_EachWayToWriteTheFunction_IsTakenForWhatItIs()
    {
        Assert.That(Within.Time<int>(One.Then(x => x + 1)), Is.EqualTo(2), "a function");
        Assert.That(Within.Time<string>(One.Then(Text)), Is.EqualTo("1"), "a method");
        Assert.That(Within.Time<int>(One.Then(async x => { await Task.Yield(); return x + 1; })), Is.EqualTo(2), "an asynchronous lambda");
        Assert.That(Within.Time<string>(One.Then(TextAsync)), Is.EqualTo("1"), "an asynchronous method");
        Assert.That(Within.Time<int>(One.Then(x => Task.FromResult(x + 1))), Is.EqualTo(2), "a task");
        Assert.That(Within.Time<string>(One.Then(TextLater)), Is.EqualTo("1"), "a method that returns a future");
        Assert.That(Within.Time<int>(One.Then(x => TinyFuture.FromResult(x + 1))), Is.EqualTo(2), "a future");
        Assert.That(Within.Time<string>(TinyFuture.FromResult("a").Then(string.Intern)), Is.EqualTo("a"), "a method of the framework");
        Assert.That(Within.Time<int>(TinyFuture.FromResult("1").Then(int.Parse)), Is.EqualTo(1), "a method that has overloads");
        Assert.That(Within.Time<int>(TinyFuture.WhenAny([One]).Then(winner => winner)), Is.EqualTo(1), "a future that is there");
    }

    [Test]
    public void Then_WithTheTypeNamed_TakesNullAndThrow()
    {
        Assert.That(Within.Time<string?>(One.Then<string?>(_ => null)), Is.Null);
        Assert.That(() => Within.Time<int>(One.Then<int>(_ => throw new FormatException())), Throws.TypeOf<FormatException>());
        Assert.That(Within.Time<object>(One.Then<object>(x => x)), Is.EqualTo(1));
        Assert.That(Within.Time<object>(One.Then<object>(async x => { await Task.Yield(); return x; })), Is.EqualTo(1));
        Assert.That(Within.Time<int?>(One.Then<int?>(x => x)), Is.EqualTo(1));
    }

    [Test]
    public void Then_OfAFunctionThatReturnsNoTaskOrNoFuture_HasTheDefault()
    {
        Assert.That(Within.Time(One.Then(Task<string>? (_) => null)), Is.Null);
        Assert.That(Within.Time(One.Then(TinyFuture<int>? (_) => null)), Is.Zero);
    }

    [Test]
    public void Then_GivenNoFunction_IsRefused()
    {
        Assert.That(() => One.Then((Func<int, int>)null!), Throws.ArgumentNullException);
        Assert.That(() => One.Then((Func<int, Task<int>>)null!), Throws.ArgumentNullException);
        Assert.That(() => One.Then((Func<int, TinyFuture<int>>)null!), Throws.ArgumentNullException);
        Assert.That(() => One.Recover(null!), Throws.ArgumentNullException);
    }

    [TestCase("task")]
    [TestCase("future")]
    [TestCase("throws")]
    public async Task Then_WhoseInnerOneFaults_HasItsExceptionAndTrace(string inner)
    {
        var oops = new FormatException("mine");
        var step = inner switch
        {
            "task" => One.Then(_ => Fail(oops)),
            "future" => One.Then(_ => TinyFuture.FromTask(Fail(oops))),
            _ => One.Then(Task<int>? (_) => throw oops),
        };
        var caught = await Assert.ThrowsAsync<FormatException>(async () => await step);
        Assert.That(caught, Is.SameAs(oops));
        Assert.That(step.Exception, Is.SameAs(oops));
        if (inner != "throws") Assert.That(caught!.StackTrace, Does.Contain(nameof(Fail)));
    }

    [TestCase("task")]
    [TestCase("future")]
    public void Then_WhoseInnerOneIsCancelled_IsCancelled(string inner)
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        var future = new TinyFutureSource<int>();
        future.Future.Cancel();
        var step = inner == "task" ? One.Then(_ => Task.FromCanceled<int>(cancelled.Token)) : One.Then(_ => future.Future);
        Assert.That(() => Within.Time(step), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(step.Status, Is.EqualTo(TinyFutureStatus.Canceled));
    }

    [TestCase("fault")]
    [TestCase("cancellation")]
    public void Then_OfAFunctionThatReturnsAFuture_TakesOverTheFailureOfItsInput(string failure)
    {
        var source = new TinyFutureSource<int>();
        var called = false;
        var step = source.Future.Then(x => { called = true; return TinyFuture.FromResult(x); });
        if (failure == "fault") source.TrySetException(new FormatException());
        else source.TrySetCanceled();
        Within.Until(() => step.IsCompleted, "the end of the step");
        Assert.That(step.Status, Is.EqualTo(source.Future.Status));
        Assert.That(step.Exception, Is.SameAs(source.Future.Exception));
        Assert.That(called, Is.False);
    }

    [Test]
    public void Then_OfAFunctionThatReturnsAFuture_CancelledBeforeItsInputHasEnded_NeverCallsIt()
    {
        var source = new TinyFutureSource<int>();
        var called = false;
        var step = source.Future.Then(x => { called = true; return TinyFuture.FromResult(x); });
        Assert.That(step.Cancel());
        Assert.That(step.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        Assert.That(source.Future.HasContinuations, Is.False, "nothing is left on the input");
        source.TrySetResult(1);
        Assert.That(Within.Time(source.Future.Then(x => x)), Is.EqualTo(1));
        Assert.That(called, Is.False);
        Assert.That(step.Cancel(), Is.False);
    }

    [Test]
    public void Then_CancelledWhileTheFutureThatItsFunctionReturnedIsUnfinished_LeavesThatAlone()
    {
        var inner = new TinyFutureSource<int>();
        var step = One.Then(_ => inner.Future);
        Within.Until(() => inner.Future.HasContinuations, "the wait for the inner future");
        Assert.That(step.Cancel());
        Assert.That(step.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        Assert.That(inner.Future.HasContinuations, Is.False, "nothing is left on it");
        Assert.That(inner.TrySetResult(1), "it goes on");
    }

    [Test]
    public void Then_WhoseFunctionReturnsTheStepItself_FaultsAndSaysSo()
    {
        var source = new TinyFutureSource<int>();
        TinyFuture<int>? step = null;
        step = source.Future.Then(_ => step!);
        source.TrySetResult(1);
        Assert.That(() => Within.Time(step), Throws.InvalidOperationException.With.Message.Contains("its own step"));
    }

    [Test]
    public void Then_InAChainOfAHundredThousandThatEachReturnTheNext_UsesNoDeepStack()
    {
        Assert.That(Within.Time(Down(100_000)), Is.EqualTo(7));

        static TinyFuture<int> Down(int left) => left == 0 ? TinyFuture.FromResult(7) : TinyFuture.FromResult(left - 1).Then(Down);
    }

    [Test]
    public void Then_CancelledAgainstEachOfItsSteps_AlwaysEnds()
    {
        for (var i = 0; i < 2_000; i++)
        {
            TinyFutureSource<int> outer = new(), inner = new();
            var step = outer.Future.Then(_ => inner.Future);
            Parallel.Invoke(() => outer.TrySetResult(1), () => inner.TrySetResult(2), () => step.Cancel());
            Within.Until(() => step.IsCompleted, "the end of the step");
            if (step.Status == TinyFutureStatus.Succeeded) Assert.That(step.Result(), Is.EqualTo(2));
            else Assert.That(step.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        }
    }

    [Test]
    public void Recover_OfAFault_HasTheValueOfTheFunctionOnThePool()
    {
        var oops = new FormatException();
        Exception? seen = null;
        var onThePool = false;
        var recovered = TinyFuture.FromException<int>(oops).Recover(e =>
        {
            (seen, onThePool) = (e, Thread.CurrentThread.IsThreadPoolThread);
            return 7;
        });
        Assert.That(Within.Time(recovered), Is.EqualTo(7));
        Assert.That((seen, onThePool), Is.EqualTo(((Exception)oops, true)));
    }

    [Test]
    public void Recover_OfASuccessOrACancellation_PassesItOn()
    {
        var source = new TinyFutureSource<int>();
        source.TrySetCanceled();
        var canceled = source.Future.Recover(_ => throw new InvalidOperationException("called"));
        Assert.That(One.Recover(_ => throw new InvalidOperationException("called")).Result(), Is.EqualTo(1));
        Assert.That(canceled.Status, Is.EqualTo(TinyFutureStatus.Canceled));
    }

    [Test]
    public void Recover_WhoseFunctionThrows_FaultsWithThat()
    {
        var recovered = TinyFuture.FromException<int>(new FormatException()).Recover(_ => throw new InvalidDataException());
        Assert.That(() => Within.Time(recovered), Throws.TypeOf<InvalidDataException>());
    }

    [Test]
    public void Recover_Cancelled_LeavesItsInputAlone()
    {
        var source = new TinyFutureSource<int>();
        var recovered = source.Future.Recover(_ => 7);
        Assert.That(recovered.Cancel());
        Assert.That(source.Future.HasContinuations, Is.False);
        Assert.That(source.TrySetResult(1));
        Assert.That(recovered.Status, Is.EqualTo(TinyFutureStatus.Canceled));
    }

    private static string Text(int x) => x.ToString(CultureInfo.InvariantCulture);

    private static async Task<string> TextAsync(int x)
    {
        await Task.Yield();
        return Text(x);
    }

    private static TinyFuture<string> TextLater(int x) => TinyFuture.FromResult(Text(x));

    private static async Task<int> Fail(Exception exception)
    {
        await Task.Yield();
        throw exception;
    }
}
