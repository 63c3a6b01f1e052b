namespace TinyWorker.Chaos;

/// <summary>The input and the result of every task. A result of one troupe is the input of another.</summary>
/// <param name="Id">Its number. Each troupe gets it at most once.</param>
/// <param name="Value">Each troupe changes it in a way of its own, so that the value shows where the payload was.</param>
/// <param name="Padding">Mostly short; one payload in a thousand is large.</param>
internal sealed record Payload(int Id, long Value, string Padding);
