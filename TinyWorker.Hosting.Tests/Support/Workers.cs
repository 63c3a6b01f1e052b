using System.Collections.Concurrent;

namespace TinyWorker.Hosting.Tests.Support;

/// <summary>What tests are told, in order.</summary>
internal sealed class Notes
{
    private readonly ConcurrentQueue<string> _lines = new();

    public string[] Lines => [.. _lines];

    public void Add(string line) => _lines.Enqueue(line);
}

/// <summary>A scoped service, which notes its end.</summary>
internal sealed class Tool(Notes notes) : IAsyncDisposable
{
    private static int s_count;

    public int Number { get; } = Interlocked.Increment(ref s_count);

    public bool IsDisposed { get; private set; }

    public async ValueTask DisposeAsync()
    {
        await Task.Yield();   // so that nobody gets by without waiting
        IsDisposed = true;
        notes.Add("tool ends");
    }
}

/// <summary>A synchronous worker that is made by the container.</summary>
internal sealed class Doubler(Tool tool, WorkerInfo info, Notes notes) : TinyWorker<int, string>, IDisposable
{
    public override string Call(int input, CancellationToken cancellationToken) =>
        $"{2 * input} by {info.Troupe} #{info.Index} of {info.Count}{(tool.IsDisposed ? ", too late" : "")}";

    public void Dispose() => notes.Add(tool.IsDisposed ? "worker ends after its tool" : "worker ends");
}

/// <summary>An asynchronous worker.</summary>
internal sealed class Starter(Tool tool) : TinyAsyncWorker<int, string>, IAsyncDisposable
{
    private bool _isStarted;

    public override async ValueTask StartAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        _isStarted = true;
    }

    public override async ValueTask<string> CallAsync(int input, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return _isStarted && !tool.IsDisposed ? $"{input}" : "not started";
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>A worker of the interface alone.</summary>
internal sealed class Bare(Tool tool) : ITinyWorker<int, string>
{
    public ValueTask<string> CallAsync(int input, CancellationToken cancellationToken) => new(tool.IsDisposed ? "too late" : $"{input}");
}

/// <summary>A gate that tasks wait at.</summary>
internal sealed class Gate
{
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Somebody waits at it, or has passed it.</summary>
    public Task Reached => _reached.Task;

    public void Open() => _open.TrySetResult();

    public Task PassAsync(CancellationToken cancellationToken)
    {
        _reached.TrySetResult();
        return _open.Task.WaitAsync(cancellationToken);
    }
}
