using System.Diagnostics;

namespace TinyWorker.Benchmarks.Peers;

/// <summary>The least that a byte costs that goes to another process and comes back: <c>cat</c>, between two anonymous pipes.</summary>
internal sealed class PipedCat : IDisposable
{
    private readonly Process _process;
    private readonly Stream _input;
    private readonly Stream _output;
    private readonly byte[] _byte = new byte[1];

    public PipedCat()
    {
        _process = Process.Start(new ProcessStartInfo("cat") { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        (_input, _output) = (_process.StandardInput.BaseStream, _process.StandardOutput.BaseStream);
    }

    /// <summary>Sends a byte and blocks until it is back.</summary>
    public void RoundTrip()
    {
        _input.Write(_byte);
        _input.Flush();
        if (_output.Read(_byte) == 0) throw new EndOfStreamException("cat is gone.");
    }

    public void Dispose()
    {
        _input.Dispose();
        _process.WaitForExit();
        _process.Dispose();
    }
}
