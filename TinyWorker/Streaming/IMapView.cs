namespace TinyWorker.Streaming;

/// <summary>What one map shows of itself; called by one thread at a time.</summary>
internal interface IMapView
{
    /// <summary>How far it has come: told at every look, also when nothing has changed but the time.</summary>
    void Show(MapProgress progress);

    /// <summary>The map has ended, however it did: called once, last.</summary>
    void End(MapProgress last);
}
