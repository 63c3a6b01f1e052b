using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using TinyWorker.Backends.Processes.Launching;

namespace TinyWorker.Tests.Processes;

/// <summary>A child of a test: what it prints is kept, and every wait for it has a deadline.</summary>
internal sealed class Child : IAsyncDisposable
{
    private Child(ChildProcess process, Printed printed) => (Process, Output, Errors) = (process, printed.Output, printed.Errors);

    public ChildProcess Process { get; }

    public ConcurrentQueue<string> Output { get; }

    public ConcurrentQueue<string> Errors { get; }

    public static async Task<Child> StartAsync(ChildServe serve, string task = "", Func<ChildStart, ChildStart>? with = null)
    {
        var printed = new Printed(new(), new());
        var start = new ChildStart("clown", serve)
        {
            Environment = new Dictionary<string, string?> { [Serves.Variable] = task },
            OnOutputLine = printed.Output.Enqueue,
            OnErrorLine = printed.Errors.Enqueue,
        };
        var process = await Within.Time(ChildProcess.StartAsync(with is null ? start : with(start), CancellationToken.None), "the start of a child");
        return new Child(process, printed);
    }

    /// <summary>What it sends, to the end.</summary>
    public Task<string> Told() => Within.Time(Task.Run(() =>
    {
        var text = new StringBuilder();
        var buffer = new byte[10_000];
        while (Process.Data.Receive(buffer) is > 0 and var count) text.Append(Encoding.UTF8.GetString(buffer, 0, count));
        return text.ToString();
    }), "what a child tells");

    /// <summary>The number that it sends first.</summary>
    public Task<int> ToldNumber() => Within.Time(Task.Run(() =>
    {
        var buffer = new byte[20];
        return int.Parse(Encoding.ASCII.GetString(buffer, 0, Process.Data.Receive(buffer)).TrimEnd('!'), CultureInfo.InvariantCulture);
    }), "the number that a child tells");

    public Task<ChildExit> Exit() => Within.Time(Process.Exited, "the end of a child");

    public async ValueTask DisposeAsync() => await Within.Time(Process.DisposeAsync().AsTask(), "the disposal of a child");

    private sealed record Printed(ConcurrentQueue<string> Output, ConcurrentQueue<string> Errors);
}
