using TinyWorker.Streaming;

namespace TinyWorker.Display;

/// <summary>The line of one map on a screen, whose lock guards all that changes.</summary>
internal sealed class ProgressLine(ProgressScreen screen, string description, MapProgress first, long printAt) : IMapView
{
    public string Description => description;

    public MapProgress Progress { get; private set; } = first;

    public SpeedMeter Speed { get; } = new();

    public bool HasEnded { get; private set; }

    /// <summary>Where the output is no terminal: when the next plain line is due.</summary>
    public long PrintAt { get; set; } = printAt;

    public void Show(MapProgress progress) => screen.Show(this, progress);

    public void End(MapProgress last) => screen.End(this, last);

    /// <summary>For the screen, under its lock.</summary>
    public void Set_NeedsLock(MapProgress progress, bool hasEnded)
    {
        Progress = progress;
        HasEnded = hasEnded;
        Speed.Add(progress.Completed, progress.Elapsed);
    }
}
