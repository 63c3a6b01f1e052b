namespace TinyWorker.Streaming;

/// <summary>The tokens of one enumeration of a map: those that cancel it, and the one that stops its reading.</summary>
/// <param name="options">The options of the map.</param>
/// <param name="ofTheCall">The token that the map was called with.</param>
/// <param name="ofTheEnumeration">The token of <c>WithCancellation</c>.</param>
internal sealed class MapTokens(
    MapOptions options, CancellationToken ofTheCall = default, CancellationToken ofTheEnumeration = default)
{
    public bool IsStopRequested => options.StopReading.IsCancellationRequested;

    public bool IsCancelled => ofTheCall.IsCancellationRequested || ofTheEnumeration.IsCancellationRequested
        || options.CancellationToken.IsCancellationRequested;

    /// <summary>Throws with the token that has fired: the user compares it with his own.</summary>
    public void ThrowIfCancelled()
    {
        ofTheCall.ThrowIfCancellationRequested();
        ofTheEnumeration.ThrowIfCancellationRequested();
        options.CancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>A source whose token fires when the map is cancelled.</summary>
    public CancellationTokenSource LinkToCancellation() =>
        CancellationTokenSource.CreateLinkedTokenSource(ofTheCall, ofTheEnumeration, options.CancellationToken);

    /// <summary>A source whose token fires when the map is cancelled, or is to stop reading.</summary>
    public CancellationTokenSource LinkToAll() => CancellationTokenSource.CreateLinkedTokenSource(
        ofTheCall, ofTheEnumeration, options.CancellationToken, options.StopReading);
}
