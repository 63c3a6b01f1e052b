using TinyWorker.Streaming;

namespace TinyWorker.Display;

/// <summary>The line of one map on a screen. The lock of the screen guards everything that changes.</summary>
internal sealed class ProgressLine(ProgressScreen screen, string description, MapProgress first, long printAt) : IMapView
{
    public string Description => description;

    public MapProgress Progress { get; private set; } = first;

    public SpeedMeter Speed { get; } = new();

    public bool HasEnded { get; private set; }

    /// <summary>When the next plain line is due, if the output is not a terminal.</summary>
    public long PrintAt { get; set; } = printAt;

    public void Show(MapProgress progress) => screen.Show(this, progress);

    public void End(MapProgress last) => screen.End(this, last);

    /// <summary>To be called by the screen only.</summary>
    public void Set_NeedsLock(MapProgress progress, bool hasEnded)
    {
        Progress = progress;
        HasEnded = hasEnded;
        Speed.Add(progress.Completed, progress.Elapsed);
    }
}
