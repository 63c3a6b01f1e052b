using System.Text;

namespace TinyWorker.Tests.Construction;

/// <summary>Each way to write a troupe's function binds as its author means it. Half of each test is that it compiles.</summary>
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
        Assert.That(async () => await Within.Time(troupe.WhenReadyAsync()), Throws.Nothing, "it is no worker factory");
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
        var file = Path.Combine(TestContext.CurrentContext.WorkDirectory, "overloads.txt");
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
    public void WorkerFactory_ThatIsTakenForAFunctionToObject_FaultsWithWhatToWrite()
    {
        using var troupe = new TinyTroupe<object, object>(_ => new Anything(), One);
        Assert.That(
            () => Within.Time(troupe.Submit((object)5)),
            Throws.InvalidOperationException.With.Message.Contains("(WorkerInfo worker) => new Anything(...)"));
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

    /// <summary>The overloads of HttpClient.GetStringAsync.</summary>
    private sealed class Client
    {
        public string GetString(string address) => address + ", synchronously";

        public Task<string> GetStringAsync(string address) => GetStringAsync(address, CancellationToken.None);

        public Task<string> GetStringAsync(Uri address) => GetStringAsync(address, CancellationToken.None);

        public Task<string> GetStringAsync(Uri address, CancellationToken cancellationToken) => GetStringAsync(address.ToString(), cancellationToken);

        public async Task<string> GetStringAsync(string address, CancellationToken cancellationToken)
        {
            await Task.Yield();
            return $"{address}, can be cancelled: {cancellationToken.CanBeCanceled}";
        }
    }
}
