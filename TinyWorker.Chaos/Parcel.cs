namespace TinyWorker.Chaos;

/// <summary>What travels from troupe to troupe.</summary>
/// <param name="Journey">The number of its way through the troupes. It comes to each of them once at the most.</param>
/// <param name="Value">Changed by each worker in its own way, so that one sees where it was.</param>
/// <param name="Ballast">Seldom much.</param>
internal sealed record Parcel(int Journey, long Value, string Ballast);
