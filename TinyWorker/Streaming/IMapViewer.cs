namespace TinyWorker.Streaming;

/// <summary>
/// A progress of the library's own kin that shows each map apart: reports alone say neither which map they are about, where two share the
/// options, nor which of them is the last.
/// </summary>
internal interface IMapViewer
{
    /// <summary>A map has begun.</summary>
    IMapView Begin(MapProgress first);
}
