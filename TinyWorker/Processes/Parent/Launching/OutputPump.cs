using System.Text;

namespace TinyWorker.Processes.Parent.Launching;

/// <summary>
/// Reads a child's stdout or stderr to its end, by line. It holds no thread while nothing arrives. The end may come late, or never: what
/// the child has started may hold the pipe open.
/// </summary>
internal sealed class OutputPump : IDisposable
{
    private const int LongestLine = 8192;
    private const int BufferSize = 4096;

    private readonly StreamReader _reader;
    private readonly Action<string> _sink;
    private readonly CancellationTokenSource _stopped = new();

    public OutputPump(StreamReader output, Action<string> sink)
    {
        // A new reader on the same stream: this one must not take the first bytes for a byte order mark.
        _reader = new StreamReader(output.BaseStream, output.CurrentEncoding, detectEncodingFromByteOrderMarks: false, BufferSize);
        _sink = sink;
        Ended = Task.Run(PumpAsync);
    }

    /// <summary>Completes when everything has been read and given to the sink. Never faults.</summary>
    public Task Ended { get; }

    /// <summary>Stops reading. <see cref="Ended"/> completes at once, unless the sink does not return.</summary>
    public void StopReading() => _stopped.Cancel();

    /// <summary>To be called when <see cref="Ended"/> has completed.</summary>
    public void Dispose()
    {
        _reader.Dispose();
        _stopped.Dispose();
    }

    private async Task PumpAsync()
    {
        var lines = new LineCutter(LongestLine, Forward);
        var buffer = new char[BufferSize];
        try
        {
            while (await _reader.ReadAsync(buffer, _stopped.Token).ConfigureAwait(false) is > 0 and var count)
                lines.Add(buffer.AsSpan(0, count));
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException or DecoderFallbackException)
        {
            // Stopped, or the pipe is broken: there is no more to read.
        }

        lines.End();
    }

    private void Forward(string line)
    {
        try
        {
            _sink(line);
        }
        catch (Exception)
        {
            // A logger threw. The child must not block on a full pipe because of that.
        }
    }
}
