using System.Text;

namespace TinyWorker.Backends.Processes.Launching;

/// <summary>
/// Reads a child's stdout or stderr to its end, by line. It holds no thread while nothing comes. The end can come late, or never: whatever
/// the child started may hold the other end open.
/// </summary>
internal sealed class OutputPump : IDisposable
{
    private const int LongestLine = 8192;
    private const int BufferSize = 4096;

    private readonly StreamReader _reader;
    private readonly Action<string> _sink;
    private readonly CancellationTokenSource _givenUp = new();

    public OutputPump(StreamReader output, Action<string> sink)
    {
        // Another reader on the same stream: this one must not take bytes that look like a byte order mark for one.
        _reader = new StreamReader(output.BaseStream, output.CurrentEncoding, detectEncodingFromByteOrderMarks: false, BufferSize);
        _sink = sink;
        Ended = Task.Run(PumpAsync);
    }

    /// <summary>Everything has been read and given to the sink. Never faults.</summary>
    public Task Ended { get; }

    /// <summary>Reads no further; <see cref="Ended"/> follows at once, unless the sink does not come back.</summary>
    public void GiveUp() => _givenUp.Cancel();

    /// <summary>To be called when it has ended.</summary>
    public void Dispose()
    {
        _reader.Dispose();
        _givenUp.Dispose();
    }

    private async Task PumpAsync()
    {
        var lines = new LineCutter(LongestLine, Hand);
        var buffer = new char[BufferSize];
        try
        {
            while (await _reader.ReadAsync(buffer, _givenUp.Token).ConfigureAwait(false) is > 0 and var count)
                lines.Add(buffer.AsSpan(0, count));
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException or DecoderFallbackException)
        {
            // Given up, or broken in whatever way a pipe can break: there is no more to be had.
        }

        lines.End();
    }

    private void Hand(string line)
    {
        try
        {
            _sink(line);
        }
        catch (Exception)
        {
            // A logger's own affair. The child must not block on a full pipe because of it.
        }
    }
}
