using BenchmarkDotNet.Attributes;
using Nito.AsyncEx;
using TinyWorker.Tasks;
using TinyWorker.Threading;
using TinyWorker.Workers.Executors;

namespace TinyWorker.Benchmarks;

/// <summary>
/// What does a part of Nito.AsyncEx cost beside the part of TinyWorker that does the same? docs/decisions/nito-asyncex.md draws the
/// conclusions.
/// </summary>
public class AsyncExBenchmarks
{
    private const int Many = 20_000;
    private const int Few = 2_000;   // where each operation wakes a thread
    private const string Post = "post";
    private const string Ask = "ask at once";
    private const string NoContext = "no context";
    private const string OneEvent = "one event";
    private const string Turns = "signal and wait";
    private const string Bound = "bound";
    private const string Queue = "queue";

    private static readonly SendOrPostCallback Count = static self => ((AsyncExBenchmarks)self!)._ran++;
    private static readonly SendOrPostCallback Answer = static self => ((AsyncExBenchmarks)self!)._answer.Set();

    private readonly ManualResetEventSlim _answer = new();
    private readonly TaskCompletionSource _loop = new();
    private readonly AdmissionGate _gate = new(Many, static () => { });
    private readonly AsyncSemaphore _semaphore = new(Many);
    private readonly WorkQueue<Item> _workQueue = new();
    private readonly Item _item = new();
    private readonly AsyncProducerConsumerQueue<object> _producerConsumerQueue = new();
    private readonly Signal _signal = new();
    private readonly AsyncAutoResetEvent _autoResetEvent = new();
    private long _ran;   // the context's thread alone writes it
    private ThreadExecutor _executor = null!;
    private AsyncContextThread _contextThread = null!;

    [GlobalSetup]
    public void SetUp()
    {
        _executor = new ThreadExecutor("benchmark", maxStackSize: 0, ThreadPriority.Normal);
        _executor.Start(() => _loop.Task);
        _contextThread = new AsyncContextThread();
    }

    [GlobalCleanup]
    public async Task CleanUpAsync()
    {
        _loop.SetResult();
        _executor.Join();
        await _contextThread.JoinAsync();
    }

    [BenchmarkCategory(Post)]
    [Benchmark(Description = "ThreadExecutor", OperationsPerInvoke = Many)]
    public long PostToThreadExecutor() => PostMany(_executor);

    [BenchmarkCategory(Post)]
    [Benchmark(Description = "AsyncContextThread", Baseline = true, OperationsPerInvoke = Many)]
    public long PostToAsyncContext() => PostMany(_contextThread.Context.SynchronizationContext);

    [BenchmarkCategory(Ask)]
    [Benchmark(Description = "ThreadExecutor (parks at once)", OperationsPerInvoke = Few)]
    public long AskThreadExecutor() => AskOften(_executor);

    [BenchmarkCategory(Ask)]
    [Benchmark(Description = "AsyncContextThread (spins first)", Baseline = true, OperationsPerInvoke = Few)]
    public long AskAsyncContext() => AskOften(_contextThread.Context.SynchronizationContext);

    [BenchmarkCategory(NoContext)]
    [Benchmark(Description = "WithoutContext", OperationsPerInvoke = Many)]
    public long LeaveByWithoutContext()
    {
        long sum = 0;
        for (var i = 0; i < Many; i++)
        {
            using var withoutContext = new WithoutContext();
            sum += i;
        }

        return sum;
    }

    [BenchmarkCategory(NoContext)]
    [Benchmark(Description = "SynchronizationContextSwitcher.NoContext", Baseline = true, OperationsPerInvoke = Many)]
    public long LeaveBySwitcher()
    {
        long sum = 0;
        for (var i = 0; i < Many; i++)
        {
            var value = i;
            sum += SynchronizationContextSwitcher.NoContext(() => value);
        }

        return sum;
    }

    [BenchmarkCategory(OneEvent)]
    [Benchmark(Description = "TaskCompletionSource", OperationsPerInvoke = Many)]
    public long CompleteTaskCompletionSource()
    {
        long completed = 0;
        for (var i = 0; i < Many; i++)
        {
            var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            source.SetResult();
            if (source.Task.IsCompleted) completed++;
        }

        return completed;
    }

    [BenchmarkCategory(OneEvent)]
    [Benchmark(Description = "AsyncManualResetEvent", Baseline = true, OperationsPerInvoke = Many)]
    public long SetManualResetEvent()
    {
        long completed = 0;
        for (var i = 0; i < Many; i++)
        {
            var manual = new AsyncManualResetEvent();
            manual.Set();
            if (manual.WaitAsync().IsCompleted) completed++;
        }

        return completed;
    }

    [BenchmarkCategory(Turns)]
    [Benchmark(Description = "Signal", OperationsPerInvoke = Many)]
    public async Task<long> WaitForSignalAsync()
    {
        for (var i = 0; i < Many; i++)
        {
            var waiting = _signal.WaitAsync();
            _signal.Set();
            await waiting.ConfigureAwait(false);
        }

        return Many;
    }

    [BenchmarkCategory(Turns)]
    [Benchmark(Description = "AsyncAutoResetEvent", Baseline = true, OperationsPerInvoke = Many)]
    public async Task<long> WaitForAutoResetEventAsync()
    {
        for (var i = 0; i < Many; i++)
        {
            var waiting = _autoResetEvent.WaitAsync();
            _autoResetEvent.Set();
            await waiting.ConfigureAwait(false);
        }

        return Many;
    }

    [BenchmarkCategory(Bound)]
    [Benchmark(Description = "AdmissionGate", OperationsPerInvoke = Many)]
    public long PassAdmissionGate()
    {
        long entered = 0;
        for (var i = 0; i < Many; i++)
        {
            if (_gate.TryEnter() == Admission.Entered) entered++;
            _gate.Leave();
        }

        return entered;
    }

    [BenchmarkCategory(Bound)]
    [Benchmark(Description = "AsyncSemaphore", Baseline = true, OperationsPerInvoke = Many)]
    public long PassAsyncSemaphore()
    {
        long entered = 0;
        for (var i = 0; i < Many; i++)
        {
            if (_semaphore.WaitAsync().IsCompletedSuccessfully) entered++;
            _semaphore.Release();
        }

        return entered;
    }

    [BenchmarkCategory(Queue)]
    [Benchmark(Description = "WorkQueue", OperationsPerInvoke = Many)]
    public long PassWorkQueue()
    {
        long taken = 0;
        for (var i = 0; i < Many; i++)
        {
            _workQueue.Add(_item);
            if (_workQueue.TryTake(0, out _)) taken++;
        }

        return taken;
    }

    [BenchmarkCategory(Queue)]
    [Benchmark(Description = "AsyncProducerConsumerQueue", Baseline = true, OperationsPerInvoke = Many)]
    public async Task<long> PassProducerConsumerQueueAsync()
    {
        long taken = 0;
        for (var i = 0; i < Many; i++)
        {
            await _producerConsumerQueue.EnqueueAsync(this).ConfigureAwait(false);
            if (await _producerConsumerQueue.DequeueAsync().ConfigureAwait(false) is not null) taken++;
        }

        return taken;
    }

    // The thread drains its queue while this one fills it; the last post tells that all have run.
    private long PostMany(SynchronizationContext context)
    {
        _ran = 0;
        for (var i = 0; i < Many; i++) context.Post(Count, this);
        AskOnce(context);
        return _ran;
    }

    private long AskOften(SynchronizationContext context)
    {
        for (var i = 0; i < Few; i++) AskOnce(context);

        return Few;
    }

    private void AskOnce(SynchronizationContext context)
    {
        _answer.Reset();
        context.Post(Answer, this);
        _answer.Wait();
    }

    private sealed class Item : IQueuedItem
    {
        public SubmitTerms? Terms => null;

        public bool IsEnding => false;
    }
}
