using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using TinyWorker.Processes.Parent.Launching;
using TinyWorker.Processes.Protocol;

namespace TinyWorker.Tests.Processes;

/// <summary>A child process of a test. It keeps what the child prints, and every wait has a deadline.</summary>
internal sealed class Child : IAsyncDisposable
{
    private Child(ChildProcess process, Printed printed) => (Process, Output, Errors) = (process, printed.Output, printed.Errors);

    public ChildProcess Process { get; }

    public ConcurrentQueue<string> Output { get; }

    public ConcurrentQueue<string> Errors { get; }

    public static async Task<Child> StartAsync(ChildEntryPoint serve, string task = "", Func<ChildStart, ChildStart>? with = null)
    {
        var printed = new Printed(new(), new());
        var start = new ChildStart("clown", serve)
        {
            Environment = new Dictionary<string, string?> { [EntryPoints.Variable] = task },
            OnOutputLine = printed.Output.Enqueue,
            OnErrorLine = printed.Errors.Enqueue,
        };
        var process = await Within.Time(
            ChildProcess.StartAsync(with is null ? start : with(start), CancellationToken.None), "the start of a child");
        return new Child(process, printed);
    }

    /// <summary>Everything that the child sends.</summary>
    public Task<string> Told() => Within.Time(Task.Run(() =>
    {
        var text = new StringBuilder();
        var buffer = new byte[10_000];
        while (Process.Data.Receive(buffer) is > 0 and var count) text.Append(Encoding.UTF8.GetString(buffer, 0, count));
        return text.ToString();
    }), "what a child tells");

    /// <summary>The number that the child sends first.</summary>
    public Task<int> ToldNumber() => Within.Time(Task.Run(() =>
    {
        var buffer = new byte[20];
        return int.Parse(Encoding.ASCII.GetString(buffer, 0, Process.Data.Receive(buffer)).TrimEnd('!'), CultureInfo.InvariantCulture);
    }), "the number that a child tells");

    public Task<ChildExit> Exit() => Within.Time(Process.Exited, "the end of a child");

    public async ValueTask DisposeAsync() => await Within.Time(Process.DisposeAsync().AsTask(), "the disposal of a child");

    private sealed record Printed(ConcurrentQueue<string> Output, ConcurrentQueue<string> Errors);
}
