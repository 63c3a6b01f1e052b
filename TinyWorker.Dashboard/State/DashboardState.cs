namespace TinyWorker.Dashboard.State;

// What the page shows: the JSON of `state` and, in parts of 8 kB at the most, of `events`. camelCase; what is null is left out. Figures
// come each second, words (whatever is nullable here) every five and in `state`. The page keeps the words that it has.

// Application: The heading.
// Time: When, in milliseconds since 1970, UTC.
// Interval: How often figures come, in seconds.
// MayControl: Whether the viewer may control troupes (AllowControl and authorized).
// Token: The antiforgery token that a POST has to send in the header RequestVerificationToken; in `state` only.
// Part: Which part of Parts, from 0. A troupe is in exactly one; after the last part, a troupe that was in none has gone.
// Totals: Of all troupes that are shown.
// Omitted: How many troupes are not shown because there are more than MaxTroupes.
// Troupes: Those of this part, in order of their id.
// Links: Who waits for whom, by id; null if this part says nothing of it.
internal sealed record DashboardState(
    string Application, long Time, double Interval, bool MayControl, string? Token, int Part, int Parts, Totals Totals, int Omitted,
    IReadOnlyList<TroupeState> Troupes, IReadOnlyList<Link>? Links);

// Troupes: How many there are.
// PerSecond: Tasks that ended a second, over the last seconds.
// Waiting: Tasks that wait.
// Running: Tasks that run.
// Faulted: Tasks that have faulted so far.
// Processors: Processors that this process and its worker processes use, 0 to ProcessorCount.
// ProcessorCount: How many there are.
// Memory: Resident memory of this process and its worker processes, in bytes.
internal sealed record Totals(
    int Troupes, double PerSecond, long Waiting, long Running, long Faulted, double Processors, int ProcessorCount, long Memory);

// From: The troupe whose futures are inputs.
// To: The troupe that waits for them.
internal sealed record Link(int From, int To);

// Id: Stays the same while the troupe lives.
// Name: Hostile text; never HTML. Each part has it.
// Condition: A TroupeCondition. It agrees with the words: it moves with them, and brings them where it changes for the worse or the better.
// NeedsAttention: It has been Broken, Down, Hung, Degraded or Saturated for three looks, or one of its figures has needed attention.
// Workers: How many workers live or are being made.
// PerSecond: Tasks that ended a second.
// Restarts: Workers that were replaced so far.
// Abandoned: Workers that were given up.
// Cells: A letter for each worker, by index: s starting, i idle, b busy, x stopped, e empty, h hung; a blank where none is. 4,096 at most.
// History: Tasks a second over the last minutes, one figure for each interval, the oldest first; in `state` only.
// Sentence: One plain sentence of what to do.
// Text: All that Explain says.
// Wait: How long tasks waited.
// Run: How long they ran.
// Faults: Of the last failures, by type.
// Longest: Who is longest at one task.
// StartFailure: Why a worker could not be made.
// Figures: What other code has attached to the troupe, such as its connection to a broker. Hostile text.
internal sealed record TroupeState(
    int Id, string Name, string Condition, bool NeedsAttention, long Waiting, int Capacity, int Running, int Workers, int MaxWorkers,
    double PerSecond, long Succeeded, long Faulted, long Canceled, int Restarts, int Abandoned, bool IsPaused, bool CanControl,
    string Cells,
    IReadOnlyList<double>? History, string? Sentence, string? Text, Times? Wait, Times? Run, IReadOnlyList<FaultState>? Faults,
    LongestState? Longest, string? StartFailure, IReadOnlyList<FigureState>? Figures = null);

internal sealed record FigureState(string Name, string Value, bool NeedsAttention);

// In seconds, in the order of the columns that the page has for them.
internal sealed record Times(double Median, double Percentile90, double Percentile99, double Longest);

// Type: Of the exception, the full name.
// Count: How many of the last faults.
// Message: The last one's; null unless messages are shown.
// SecondsAgo: Since the last one.
internal sealed record FaultState(string Type, int Count, string? Message, double SecondsAgo);

// AtLeast: In seconds.
// Task: What a POST that cancels it has to name, with the worker.
// Memory: Of its process, in bytes.
internal sealed record LongestState(int Worker, double AtLeast, long Task, int? ProcessId, long? Memory);
