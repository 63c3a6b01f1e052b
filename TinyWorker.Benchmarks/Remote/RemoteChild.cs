using System.Diagnostics;
using System.Globalization;

namespace TinyWorker.Benchmarks.Remote;

/// <summary>
/// One side of a peer in a process of its own. A command is a line, and so is its answer. The process ends with the stream of its commands,
/// so it does not outlive the benchmark.
/// </summary>
internal sealed class RemoteChild : IDisposable
{
    public const string Verb = "remote-child";

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);   // of each answer

    private readonly Process _process;
    private readonly string _kind;

    private RemoteChild(Process process, string kind) => (_process, _kind) = (process, kind);

    /// <summary>Starts the process, and waits until it is connected.</summary>
    /// <param name="kind">One of the names in <see cref="RemoteChildProgram"/>.</param>
    /// <param name="uri">Where the broker is.</param>
    /// <param name="name">The name of the queue.</param>
    public static async Task<RemoteChild> StartAsync(string kind, string uri, string name)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            ArgumentList = { typeof(RemoteChild).Assembly.Location, Verb, kind, uri, name },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        if (!Path.GetFileNameWithoutExtension(start.FileName).Equals("dotnet", StringComparison.OrdinalIgnoreCase))
            start.ArgumentList.RemoveAt(0);   // the program was started by its own launcher
        var child = new RemoteChild(Process.Start(start)!, kind);
        await child.ReadAsync();
        return child;
    }

    /// <summary>Lets a submitter call.</summary>
    /// <returns>Calls, seconds and the median of the round trips in milliseconds.</returns>
    public async Task<(int Calls, double Seconds, double MedianMilliseconds)> LoadAsync(int inFlight, int bytes, double seconds)
    {
        var answer = await AskAsync(string.Create(CultureInfo.InvariantCulture, $"load {inFlight} {bytes} {seconds}"));
        return ((int)answer[0], answer[1], answer[2]);
    }

    /// <returns>Processor time in seconds and bytes that were allocated, since the process began.</returns>
    public async Task<(double Processor, double Allocated)> UsageAsync()
    {
        var answer = await AskAsync("usage");
        return (answer[0], answer[1]);
    }

    /// <returns>How many messages a <see cref="FlowConsumer"/> has taken.</returns>
    public async Task<long> CountAsync() => (long)(await AskAsync("count"))[0];

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(TimeSpan.FromSeconds(20))) _process.Kill();
        _process.Dispose();
    }

    private async Task<double[]> AskAsync(string command)
    {
        await _process.StandardInput.WriteLineAsync(command);
        return [.. (await ReadAsync()).Split(' ').Select(text => double.Parse(text, CultureInfo.InvariantCulture))];
    }

    private async Task<string> ReadAsync() =>
        await _process.StandardOutput.ReadLineAsync().WaitAsync(Deadline)
        ?? throw new InvalidOperationException($"The process '{_kind}' has ended; its error is above.");
}

/// <summary>What the child does.</summary>
internal static class RemoteChildProgram
{
    public const string BareSubmitter = "bare-submitter";
    public const string BareHost = "bare-host";
    public const string TroupeSubmitter = "troupe-submitter";
    public const string TroupeHost = "troupe-host";
    public const string FlowPublisher = "flow-publisher";
    public const string FlowConsumer = "flow-consumer";

    public static async Task RunAsync(string kind, string uri, string name)
    {
        await using var side = kind switch
        {
            BareSubmitter => (IAsyncDisposable)await Remote.BareSubmitter.StartAsync(uri, name),
            BareHost => await Remote.BareHost.StartAsync(uri, name),
            TroupeSubmitter => await Remote.TroupeSubmitter.StartAsync(uri, name),
            TroupeHost => await Remote.TroupeHost.StartAsync(uri, name),
            FlowPublisher => await Remote.FlowPublisher.StartAsync(uri, name),
            FlowConsumer => await Remote.FlowConsumer.StartAsync(uri, name),
            _ => throw new ArgumentException($"There is no kind '{kind}'.", nameof(kind)),
        };
        Console.WriteLine("ready");
        while (await Console.In.ReadLineAsync() is { } command)
        {
            switch (command.Split(' '))
            {
                case ["load", var inFlight, var bytes, var seconds]:
                    var (calls, elapsed, median) = await RemoteLoad.RunAsync(
                        (IRemoteSubmitter)side, Integer(inFlight), Integer(bytes), double.Parse(seconds, CultureInfo.InvariantCulture));
                    Answer(calls, elapsed, median);
                    break;
                case ["count"]:
                    Answer(((Remote.FlowConsumer)side).Count);
                    break;
                default:
                    Answer(Environment.CpuUsage.TotalTime.TotalSeconds, GC.GetTotalAllocatedBytes(precise: false));
                    break;
            }
        }
    }

    private static int Integer(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static void Answer(params ReadOnlySpan<double> values)
    {
        List<string> texts = [];
        foreach (var value in values)
            texts.Add(value.ToString("R", CultureInfo.InvariantCulture));
        Console.WriteLine(string.Join(' ', texts));
    }
}
