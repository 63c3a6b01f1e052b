using System.Text;

namespace TinyWorker.Tests.Construction;

/// <summary>
/// Each way to write the function of a troupe binds to the overload that its author means. A test also shows that this code compiles.
/// </summary>
internal sealed class OverloadTests
{
    private static readonly TinyTroupeOptions One = new() { Workers = 1, CancellationGrace = Timeout.InfiniteTimeSpan };

    [Test]
    public void AsynchronousLambda_OfOneArgument_IsAwaitedOnThePool()
    {
        using var troupe = new TinyTroupe<int, bool>(
            async _ =>
            {
                await Task.Yield();
                return Thread.CurrentThread.IsThreadPoolThread;
            },
            One);
        Assert.That(Within.Time(troupe.Submit(1)), Is.True);
    }

    [Test]
    public void AsynchronousLambda_WithAToken_GetsTheTasksToken()
    {
        using var troupe = new TinyTroupe<int, int>(
            async (x, token) =>
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, token);
                return x;
            },
            One);
        var future = troupe.Submit(1);
        Within.Until(() => future.Status == TinyFutureStatus.Running, "the start");
        future.Cancel();
        Within.Until(() => future.IsCompleted, "the end");
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Canceled));
    }

    [Test]
    public void AsynchronousLambda_WithObjectAsTOut_IsAwaited()
    {
        using var troupe = new TinyTroupe<int, object>(
            async x =>
            {
                await Task.Yield();
                return x + 1;
            },
            One);
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(2));
    }

    [Test]
    public void Lambda_ThatReturnsNull_IsAFunctionWhoseResultIsNull()
    {
        using var troupe = new TinyTroupe<int, string?>(_ => null, One);
        using var cancellable = new TinyTroupe<int, string?>((_, _) => null, One);
        Assert.That(Within.Time(troupe.Submit(1)), Is.Null);
        Assert.That(Within.Time(cancellable.Submit(1)), Is.Null);
    }

    [Test]
    public void Lambda_ThatThrows_IsAFunctionWhoseTaskFaults()
    {
        using var troupe = new TinyTroupe<int, string>(_ => throw new FormatException(), One);
        using var cancellable = new TinyTroupe<int, string>((_, _) => throw new FormatException(), One);
        Assert.That(() => Within.Time(troupe.Submit(1)), Throws.TypeOf<FormatException>());
        Assert.That(() => Within.Time(cancellable.Submit(1)), Throws.TypeOf<FormatException>());
        Assert.That(async () => await Within.Time(troupe.WhenReadyAsync()), Throws.Nothing, "it is not taken for a worker factory");
    }

    [Test]
    public void Lambda_ThatReturnsATask_IsAwaited()
    {
        using var troupe = new TinyTroupe<int, int>(x => Task.FromResult(x + 1), One);
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(2));
    }

    [Test]
    public void MethodGroup_OfAFrameworksMethodWithSeveralOverloads_Binds()
    {
        var file = Path.Combine(Path.GetTempPath(), $"overloads-{Guid.NewGuid():N}.txt");
        File.WriteAllText(file, "four");
        using var bytes = new TinyTroupe<string, byte[]>(File.ReadAllBytesAsync, One);
        using var text = new TinyTroupe<string, string>(File.ReadAllText, One);
        using var lengths = new TinyTroupe<string, int>(Encoding.UTF8.GetByteCount, One);
        using var numbers = new TinyTroupe<string, int>(int.Parse, One);
        Assert.That(Within.Time(bytes.Submit(file)), Has.Length.EqualTo(4));
        Assert.That(Within.Time(text.Submit(file)), Is.EqualTo("four"));
        Assert.That(Within.Time(lengths.Submit("four")), Is.EqualTo(4));
        Assert.That(Within.Time(numbers.Submit("4")), Is.EqualTo(4));
        File.Delete(file);
    }

    [Test]
    public void MethodGroup_WithAndWithoutAToken_BindsToTheOneThatCanBeCancelled()
    {
        var client = new Client();
        using var troupe = new TinyTroupe<string, string>(client.GetStringAsync, One);
        using var addresses = new TinyTroupe<Uri, string>(client.GetStringAsync, One);
        using var synchronous = new TinyTroupe<string, string>(client.GetString, One);
        Assert.That(Within.Time(troupe.Submit("a")), Is.EqualTo("a, can be cancelled: True"));
        Assert.That(Within.Time(addresses.Submit(new Uri("http://a/"))), Is.EqualTo("http://a/, can be cancelled: True"));
        Assert.That(Within.Time(synchronous.Submit("a")), Is.EqualTo("a, synchronously"));
    }

    [Test]
    public void WorkerFactory_OfEachShape_MakesAWorker()
    {
        using var byLambda = new TinyTroupe<int, string>(_ => new Named("lambda"), One);
        using var byIndex = new TinyTroupe<int, string>(info => new Named(info.Index + " of " + info.Count), One);
        using var byBlock = new TinyTroupe<int, string>(
            info =>
            {
                if (info.Count > 1) throw new InvalidOperationException();
                return new Named("block");
            },
            One);
        using var byMethod = new TinyTroupe<int, string>(Make, One);
        using var ofObjects = new TinyTroupe<object, object>((WorkerInfo _) => new Anything(), One);
        Assert.That(Within.Time(byLambda.Submit(1)), Is.EqualTo("lambda 1"));
        Assert.That(Within.Time(byIndex.Submit(2)), Is.EqualTo("0 of 1 2"));
        Assert.That(Within.Time(byBlock.Submit(3)), Is.EqualTo("block 3"));
        Assert.That(Within.Time(byMethod.Submit(4)), Is.EqualTo("method 4"));
        Assert.That(Within.Time(ofObjects.Submit((object)5)), Is.EqualTo("called"));
    }

    [Test]
    public void WorkerFactory_ThatBindsAsAFunctionToObject_FaultsWithWhatToWrite()
    {
        using var troupe = new TinyTroupe<object, object>(_ => new Anything(), One);
        Assert.That(
            () => Within.Time(troupe.Submit((object)5)),
            Throws.InvalidOperationException.With.Message.Contains("(WorkerInfo worker) => new Anything(...)"));
    }

    [Test]
    public void LambdaThatReturnsATask_AndBindsAsAFunctionToObject_FaultsWithWhatToWrite()
    {
        using var troupe = new TinyTroupe<int, object>(x => Task.FromResult(x), One);
        using var cancellable = new TinyTroupe<int, object>((x, _) => Task.FromResult(x), One);
        Assert.That(() => Within.Time(troupe.Submit(1)), Throws.InvalidOperationException.With.Message.Contains("async x => await"));
        Assert.That(() => Within.Time(cancellable.Submit(1)), Throws.InvalidOperationException.With.Message.Contains("async x => await"));
    }

    [Test]
    public void LambdaThatReturnsAnotherThingToAwait_AndBindsAsAFunctionToObject_FaultsWithWhatToWrite()
    {
        TinyTroupe<int, object>[] all =
        [
            new(x => new ValueTask<int>(x), One), new((x, _) => new ValueTask<int>(x), One),
            new(x => TinyFuture.FromResult(x), One), new((x, _) => TinyFuture.FromResult(x), One),
            new(x => default(ValueTask), One),
        ];
        foreach (var troupe in all)
        {
            Assert.That(() => Within.Time(troupe.Submit(3)), Throws.InvalidOperationException.With.Message.Contains("async x => await"));
            troupe.Dispose();
        }

        using var awaited = new TinyTroupe<int, object>(async x => await TinyFuture.FromResult(x), One);
        Assert.That(Within.Time(awaited.Submit(3)), Is.EqualTo(3));
    }

    [Test]
    public void FunctionOfAStep_ThatReturnsAThingToAwaitAsAnObject_FaultsWithWhatToWrite()
    {
        var three = TinyFuture.FromResult(3);
        var failed = TinyFuture.FromException<object>(new FormatException());
        TinyFuture<object>[] steps =
        [
            three.Then<object>(x => Task.FromResult(x)), three.Then<object>(x => new ValueTask<int>(x)),
            three.Then<object>(x => TinyFuture.FromResult(x)), three.Then<object>(_ => Task.CompletedTask),
            failed.Recover(_ => Task.FromResult(3)),
        ];
        foreach (var step in steps)
            Assert.That(() => Within.Time(step), Throws.InvalidOperationException.With.Message.Contains("async x => await"));
        Assert.That(Within.Time(three.Then<object>(async x => await Task.FromResult(x))), Is.EqualTo(3));
        Assert.That(Within.Time(three.Then<object>(x => x)), Is.EqualTo(3));
    }

    [Test]
    public async Task ParallelMap_WithALambdaThatReturnsDefault_YieldsDefaults()
    {
        int[] source = [1, 2];
        var zeros = new[] { 0, 0 };
        Assert.That(source.ParallelMap<int, int>(x => default), Is.EqualTo(zeros));
        Assert.That(source.ParallelMap<int, int>((x, token) => default), Is.EqualTo(zeros));
        Assert.That(await source.ParallelMapAsync<int, int>(x => default).ToArrayAsync(), Is.EqualTo(zeros));
        Assert.That(await source.ParallelMapAsync<int, int>((x, token) => default).ToArrayAsync(), Is.EqualTo(zeros));
        Assert.That(await source.ToAsyncEnumerable().ParallelMapAsync<int, int>(x => default).ToArrayAsync(), Is.EqualTo(zeros));
        Assert.That(await source.ToAsyncEnumerable().ParallelMapAsync<int, int>((x, token) => default).ToArrayAsync(), Is.EqualTo(zeros));
        using var troupe = new TinyTroupe<int, int>(x => default, One);
        Assert.That(Within.Time(troupe.Submit(1)), Is.Zero);
    }

    [Test]
    public void FunctionThatReturnsAValueTask_OfEachShape_IsAwaitedOnThePool()
    {
        ITinyWorker<int, string> named = new Named("value");
        using var byMethod = new TinyTroupe<int, string>(named.CallAsync, One);
        using var byLambda = new TinyTroupe<int, string>((x, token) => named.CallAsync(x, token), One);
        using var ofObjects = new TinyTroupe<int, object>(OnThePoolAsync, One);
        Assert.That(Within.Time(byMethod.Submit(1)), Is.EqualTo("value 1"));
        Assert.That(Within.Time(byLambda.Submit(2)), Is.EqualTo("value 2"));
        Assert.That(Within.Time(ofObjects.Submit(3)), Is.True);

        static async ValueTask<object> OnThePoolAsync(int x, CancellationToken token)
        {
            await Task.Yield();
            return token.CanBeCanceled && Thread.CurrentThread.IsThreadPoolThread;
        }
    }

    [Test]
    public async Task Submit_OfNullOrDefaultOrNew_IsThePlainInput()
    {
        using var lengths = new TinyTroupe<string?, int>(text => text?.Length ?? -1, One);
        using var numbers = new TinyTroupe<int, int>(x => x, One);
        using var notes = new TinyTroupe<Note, int>(note => note?.Pages ?? -1, One);
        using var anything = new TinyTroupe<object?, bool>(x => x is null, One);
        ITinyTroupe<string?, int> seen = lengths;
        Assert.That(Within.Time(lengths.Submit(null)), Is.EqualTo(-1));
        Assert.That(Within.Time(lengths.Submit(default)), Is.EqualTo(-1));
        Assert.That(Within.Time(lengths.Submit(new('x', 3))), Is.EqualTo(3));
        Assert.That(Within.Time(numbers.Submit(default)), Is.Zero);
        Assert.That(Within.Time(numbers.Submit(1, default)), Is.EqualTo(1));
        Assert.That(Within.Time(notes.Submit(new(7))), Is.EqualTo(7));
        Assert.That(Within.Time(notes.Submit(null!)), Is.EqualTo(-1));
        Assert.That(Within.Time(anything.Submit(null)), Is.True);
        Assert.That(Within.Time(seen.Submit(null)), Is.EqualTo(-1));
        Assert.That(Within.Time(seen.Submit(new('x', 3), default)), Is.EqualTo(3));
        Assert.That(Within.Time(await lengths.SubmitAsync(null)), Is.EqualTo(-1));
        Assert.That(Within.Time(await seen.SubmitAsync(new('x', 3))), Is.EqualTo(3));
        Assert.That(await Within.Time(seen.CallAsync(null).AsTask()), Is.EqualTo(-1));
        Assert.That(await Within.Time(notes.CallAsync(new(7)).AsTask()), Is.EqualTo(7));
        Assert.That(lengths.TrySubmit(null, out var tried) && Within.Time(tried) == -1, Is.True);
    }

    [Test]
    public async Task Submit_OfAFutureOrATask_Chains()
    {
        using var troupe = new TinyTroupe<int, int>(x => x + 1, One);
        ITinyTroupe<int, int> seen = troupe;
        Assert.That(Within.Time(troupe.Submit(troupe.Submit(1))), Is.EqualTo(3));
        Assert.That(Within.Time(troupe.Submit(Task.FromResult(1))), Is.EqualTo(2));
        Assert.That(Within.Time(seen.Submit(seen.Submit(1), default)), Is.EqualTo(3));
        Assert.That(Within.Time(await troupe.SubmitAsync(TinyFuture.FromResult(1))), Is.EqualTo(2));
        Assert.That(Within.Time(await troupe.SubmitAsync(Task.FromResult(1))), Is.EqualTo(2));
        Assert.That(Within.Time(await seen.SubmitAsync(TinyFuture.FromResult(1))), Is.EqualTo(2));
    }

    [Test]
    public async Task Submit_WithOptions_TakesNullDefaultAndNewForThePlainInput()
    {
        using var lengths = new TinyTroupe<string?, int>(text => text?.Length ?? -1, One);
        using var numbers = new TinyTroupe<int, int>(x => x, One);
        using var notes = new TinyTroupe<Note, int>(note => note?.Pages ?? -1, One);
        var token = CancellationToken.None;
        Assert.That(Within.Time(numbers.Submit(1, new() { Priority = 1 })), Is.EqualTo(1));
        Assert.That(Within.Time(numbers.Submit(1, new() { Priority = 1 }, token)), Is.EqualTo(1));
        Assert.That(Within.Time(numbers.Submit(default, new() { Timeout = TimeSpan.FromDays(1) })), Is.Zero);
        Assert.That(Within.Time(numbers.Submit(1, default)), Is.EqualTo(1));
        Assert.That(Within.Time(numbers.Submit(1, default, default)), Is.EqualTo(1));
        Assert.That(Within.Time(numbers.Submit(1, token)), Is.EqualTo(1));
        Assert.That(Within.Time(lengths.Submit(null, new() { Key = "a" })), Is.EqualTo(-1));
        Assert.That(Within.Time(lengths.Submit(new('x', 3), new() { Key = "a" })), Is.EqualTo(3));
        Assert.That(Within.Time(notes.Submit(new(7), new() { Deadline = TimeSpan.FromDays(1) })), Is.EqualTo(7));
        Assert.That(Within.Time(await lengths.SubmitAsync(null, new() { Key = "a" })), Is.EqualTo(-1));
        Assert.That(Within.Time(await numbers.SubmitAsync(1, default)), Is.EqualTo(1));
        Assert.That(Within.Time(await numbers.SubmitAsync(1, new() { Priority = 1 }, token)), Is.EqualTo(1));
        Assert.That(await Within.Time(notes.CallAsync(new(7), new() { Priority = -1 }).AsTask()), Is.EqualTo(7));
        Assert.That(await Within.Time(numbers.CallAsync(1, default).AsTask()), Is.EqualTo(1));
        Assert.That(await Within.Time(numbers.CallAsync(1, token).AsTask()), Is.EqualTo(1));
        Assert.That(lengths.TrySubmit(null, new() { Key = "a" }, out var tried) && Within.Time(tried) == -1, Is.True);
        Assert.That(numbers.TrySubmit(1, new() { Key = "a" }, out var other, token) && Within.Time(other) == 1, Is.True);
    }

    [Test]
    public async Task Submit_OfAFutureOrATaskWithOptions_Chains()
    {
        using var troupe = new TinyTroupe<int, int>(x => x + 1, One);
        var options = new SubmitOptions { Priority = 1 };
        var token = CancellationToken.None;
        Assert.That(Within.Time(troupe.Submit(troupe.Submit(1, options), options)), Is.EqualTo(3));
        Assert.That(Within.Time(troupe.Submit(troupe.Submit(1), new() { Priority = 1 }, token)), Is.EqualTo(3));
        Assert.That(Within.Time(troupe.Submit(troupe.Submit(1), default)), Is.EqualTo(3));
        Assert.That(Within.Time(troupe.Submit(Task.FromResult(1), options)), Is.EqualTo(2));
        Assert.That(Within.Time(troupe.Submit(Task.FromResult(1), new() { Priority = 1 }, token)), Is.EqualTo(2));
        Assert.That(Within.Time(await troupe.SubmitAsync(TinyFuture.FromResult(1), options)), Is.EqualTo(2));
        Assert.That(Within.Time(await troupe.SubmitAsync(Task.FromResult(1), new() { Priority = 1 }, token)), Is.EqualTo(2));
    }

    [Test]
    public async Task Submit_OfAnObjectWithOptions_TakesFuturesAndTasksForWhatTheyAre()
    {
        using var troupe = new TinyTroupe<object?, object?>(x => x is null ? "null" : x, One);
        var options = new SubmitOptions { Priority = 1 };
        Assert.That(Within.Time(troupe.Submit(null, options)), Is.EqualTo("null"));
        Assert.That(Within.Time(troupe.Submit("x", new() { Priority = 1 })), Is.EqualTo("x"));
        Assert.That(Within.Time(troupe.Submit(TinyFuture.FromResult<object?>(3), options)), Is.EqualTo(3));
        Assert.That(Within.Time(troupe.Submit((object)TinyFuture.FromResult<object?>(3), options)), Is.EqualTo(3));
        Assert.That(Within.Time(troupe.Submit(Task.FromResult<object?>(3), options)), Is.EqualTo(3));
        Assert.That(Within.Time(await troupe.SubmitAsync(Task.FromResult<object?>(3), options)), Is.EqualTo(3));
        Assert.That(() => troupe.Submit(Task.FromResult("3"), options), Throws.ArgumentException.With.Message.Contains("Then"));
        Assert.That(Within.Time(troupe.Submit((object)options)), Is.EqualTo(options), "one argument is the input");
    }

    [Test]
    public async Task CallAsync_OfALiteralForATroupeOfBytes_BindsWithOptions()
    {
        using var troupe = new TinyTroupe<byte, int>(x => x + 1, One);
        Assert.That(await Within.Time(troupe.CallAsync(1, new() { Priority = 1 }).AsTask()), Is.EqualTo(2));
        Assert.That(await Within.Time(troupe.CallAsync(1, default).AsTask()), Is.EqualTo(2));
        Assert.That(Within.Time(troupe.Submit(1, new() { Priority = 1 })), Is.EqualTo(2));
        Assert.That(Within.Time(await troupe.SubmitAsync(1, new() { Priority = 1 })), Is.EqualTo(2));
    }

    private static Named Make(WorkerInfo info) => new("method");

    private sealed class Named(string name) : TinyWorker<int, string>
    {
        public override string Call(int input, CancellationToken cancellationToken) => name + " " + input;
    }

    private sealed class Anything : TinyWorker<object, object>
    {
        public override object Call(object input, CancellationToken cancellationToken) => "called";
    }

    private sealed record Note(int Pages);

    /// <summary>The overloads of HttpClient.GetStringAsync.</summary>
    private sealed class Client
    {
        public string GetString(string address) => address + ", synchronously";

        public Task<string> GetStringAsync(string address) => GetStringAsync(address, CancellationToken.None);

        public Task<string> GetStringAsync(Uri address) => GetStringAsync(address, CancellationToken.None);

        public Task<string> GetStringAsync(Uri address, CancellationToken cancellationToken) =>
            GetStringAsync(address.ToString(), cancellationToken);

        public async Task<string> GetStringAsync(string address, CancellationToken cancellationToken)
        {
            await Task.Yield();
            return $"{address}, can be cancelled: {cancellationToken.CanBeCanceled}";
        }
    }
}
