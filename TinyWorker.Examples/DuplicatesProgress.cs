namespace TinyWorker.Examples;

/// <summary>Shows a progress bar and keeps its last report, so that the bar and the summary give the same rate.</summary>
internal sealed class DuplicatesProgress : IProgress<MapProgress>, IDisposable
{
    private readonly ProgressBar bar = new("hashing");

    /// <summary>The report with which everything was done, or the latest one before it. To be read when the map has ended.</summary>
    public MapProgress Last { get; private set; }

    /// <summary>Files a second: those that have ended, divided by the time since the map began.</summary>
    public double FilesPerSecond => Last.Elapsed > TimeSpan.Zero ? Last.Completed / Last.Elapsed.TotalSeconds : 0;

    public void Report(MapProgress value)
    {
        if (Last.Total is { } total && Last.Completed >= total) return;
        Last = value;
        bar.Report(value);
    }

    public void Dispose() => bar.Dispose();
}
