namespace TinyWorker.Hosting.Tests.Registration;

/// <summary>Which overload the compiler takes, as the author of the code means it: seen in the back-end that is the default.</summary>
internal sealed class OverloadTests
{
    private const string Threads = "thread", Pool = "pool";

    [Test]
    public async Task SynchronousLambda_IsCalledOnAThread() =>
        Assert.That(await RunAsync<string>(
            static services => services.AddTinyTroupe<int, string>("t", (_, x, _) => Where())), Is.EqualTo(Threads));

    [Test]
    public async Task SynchronousLambda_WithInferredTypes_IsCalledOnAThread() =>
        Assert.That(
            await RunAsync<string>(
                static services => services.AddTinyTroupe("t", (IServiceProvider _, int x, CancellationToken _) => Where())),
            Is.EqualTo(Threads));

    [Test]
    public async Task AsynchronousLambda_IsAwaitedOnThePool() =>
        Assert.That(
            await RunAsync<string>(static services => services.AddTinyTroupe<int, string>("t", async (_, x, _) =>
            {
                await Task.Yield();
                return Where();
            })),
            Is.EqualTo(Pool));

    [Test]
    public async Task AsynchronousLambda_WithInferredTypes_IsAwaited() =>
        Assert.That(
            await RunAsync<string>(static services => services.AddTinyTroupe("t", async (IServiceProvider _, int x, CancellationToken _) =>
            {
                await Task.Yield();
                return Where();
            })),
            Is.EqualTo(Pool));

    [Test]
    public async Task MethodGroup_Asynchronous_IsAwaited() =>
        Assert.That(await RunAsync<string>(static services => services.AddTinyTroupe<int, string>("t", WhereAsync)), Is.EqualTo(Pool));

    [Test]
    public async Task MethodGroup_Synchronous_IsCalled() =>
        Assert.That(await RunAsync<string>(static services => services.AddTinyTroupe<int, string>("t", WhereNow)), Is.EqualTo(Threads));

    [Test]
    public async Task MethodGroup_WithSeveralOverloads_Binds() =>
        Assert.That(await RunAsync<string>(static services => services.AddTinyTroupe<int, string>("t", Many)), Is.EqualTo("of three"));

    [Test]
    public async Task ThrowingLambda_Binds_AndFaultsTheTask() =>
        await Assert.ThatAsync(
            () => RunAsync<string>(
                static services => services.AddTinyTroupe<int, string>("t", (_, _, _) => throw new TimeZoneNotFoundException())),
            Throws.TypeOf<TimeZoneNotFoundException>());

    [Test]
    public async Task NullLambda_Binds_AndGivesNull() =>
        Assert.That(await RunAsync<string?>(static services => services.AddTinyTroupe<int, string?>("t", (_, _, _) => null!)), Is.Null);

    [Test]
    public async Task LambdaThatReturnsATaskOfObject_IsAwaited() =>
        Assert.That(
            await RunAsync<object>(
                static services => services.AddTinyTroupe<int, object>("t", (_, x, _) => Task.FromResult<object>("done"))),
            Is.EqualTo("done"));

    [Test]
    public async Task LambdaThatReturnsAnotherTaskAsObject_FaultsTheTask() =>
        await Assert.ThatAsync(
            () => RunAsync<object>(static services => services.AddTinyTroupe<int, object>("t", (_, x, _) => Task.FromResult("done"))),
            Throws.InvalidOperationException.With.Message.Contains("await the task"));

    [Test]
    public void MethodThatReturnsATask_AsASynchronousFunctionOfObject_IsRefused()
    {
        Func<IServiceProvider, int, CancellationToken, Task<string>> function = static (_, _, _) => Task.FromResult("");
        var error = Assert.Throws<ArgumentException>(
            () => new ServiceCollection().AddTinyTroupe("t", (Func<IServiceProvider, int, CancellationToken, object>)function));
        Assert.That(error.Message, Does.Contain("async"));
    }

    [Test]
    public void TaskAsTheResult_IsRefusedByAllOverloads()
    {
        var services = new ServiceCollection();
        Assert.Throws<ArgumentException>(() => services.AddTinyTroupe<int, Task<int>, TaskWorker>("t"));
        Assert.Throws<ArgumentException>(
            () => services.AddTinyTroupe("t", (Func<IServiceProvider, int, CancellationToken, ValueTask<int>>)((_, x, _) => new(x))));
        Assert.Throws<ArgumentException>(
            () => services.AddTinyTroupe<int, Task<int>>("t", async (_, x, _) => Task.FromResult(x)));
        Assert.Throws<ArgumentException>(
            () => services.AddTinyTroupe<int, Task<int>>("t", (_, options) => new(static x => default!, options)));
        Assert.That(services, Is.Empty);
    }

    [Test]
    public async Task FunctionOfTwoParameters_MakesTheTroupe() =>
        Assert.That(
            await RunAsync<string>(
                static services => services.AddTinyTroupe<int, string>("t", (_, options) => new(static x => Where(), options))),
            Is.EqualTo(Threads));

    private static async Task<TOut> RunAsync<TOut>(Action<IServiceCollection> add)
    {
        await using var provider = Build.Provider(add);
        return await Within.Time(provider.GetRequiredService<ITinyTroupe<int, TOut>>().CallAsync(1));
    }

    private static string Where() => Thread.CurrentThread.IsThreadPoolThread ? Pool : Threads;

    private static string WhereNow(IServiceProvider services, int input, CancellationToken cancellationToken) => Where();

    private static async Task<string> WhereAsync(IServiceProvider services, int input, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return Where();
    }

    private static string Many(int input) => $"{input}";

    private static Task<string> Many(IServiceProvider services, int input) => Task.FromResult("of two");

    private static Task<string> Many(IServiceProvider services, int input, CancellationToken cancellationToken) =>
        Task.FromResult("of three");

    private sealed class TaskWorker : TinyWorker<int, Task<int>>
    {
        public override Task<int> Call(int input, CancellationToken cancellationToken) => Task.FromResult(input);
    }
}
