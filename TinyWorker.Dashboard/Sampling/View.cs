using TinyWorker.Dashboard.State;

namespace TinyWorker.Dashboard.Sampling;

/// <summary>What one look has seen. Does not change.</summary>
/// <param name="At">When, by the clock of the application.</param>
/// <param name="Totals">Of all troupes that are shown.</param>
/// <param name="Omitted">How many are not shown, because there are too many.</param>
/// <param name="Troupes">With all the words that there are, and without their history.</param>
/// <param name="NewWords">The ids of those whose words are of this look.</param>
/// <param name="Links">Who waits for whom.</param>
/// <param name="HasWords">Whether words were due at this look.</param>
internal sealed record View(
    DateTimeOffset At, Totals Totals, int Omitted, IReadOnlyList<TroupeState> Troupes, IReadOnlySet<int> NewWords,
    IReadOnlyList<Link> Links, bool HasWords);
