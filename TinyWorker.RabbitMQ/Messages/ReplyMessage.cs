using RabbitMQ.Client;
using TinyWorker.Diagnostics;

namespace TinyWorker.RabbitMQ.Messages;

/// <summary>How a task ended, in the form in which its submitter is told. Immutable.</summary>
/// <param name="TaskId">The id of the task.</param>
/// <param name="Outcome">One of <see cref="TaskOutcome"/>.</param>
/// <param name="ContentType">That of the body.</param>
/// <param name="Body">The result, or the exception; else empty.</param>
/// <param name="Attempt">Which attempt it comes from.</param>
/// <param name="Host">The name of the host.</param>
/// <param name="Error">The error as text, if it has one; of a refused task the contract of the host.</param>
internal sealed record ReplyMessage(
    string TaskId, string Outcome, string ContentType, byte[] Body, int Attempt, string Host, string? Error)
{
    /// <summary>How long the text of an error may be, in characters: it travels in a header, and operators see it.</summary>
    public const int LongestError = 400;

    private const int LongestHost = 85;   // characters: a property takes 255 bytes, and a character up to three

    private const int Overhead = 512;   // what the objects around the body take, about

    /// <summary>About how many bytes it takes in memory.</summary>
    public long Size => Body.Length + ((Error?.Length ?? 0) * sizeof(char)) + Overhead;

    /// <summary>The text of an error for the header.</summary>
    public static string TextOf(Exception exception) => Cut($"{exception.GetType().Name}: {NestedText.MessageOf(exception)}");

    /// <summary>The properties of a message with it. Each message needs its own: the client may write into the headers.</summary>
    public BasicProperties ToProperties()
    {
        // Few headers: each costs a key and a value at both ends, and a part of a table. A property costs less.
        var headers = new Dictionary<string, object?>(1) { [MessageHeaders.Outcome] = Outcome };
        if (Attempt != 1) headers[MessageHeaders.Attempt] = Attempt;
        if (Error is not null) headers[MessageHeaders.Error] = Outcome == TaskOutcome.Refused ? Error : Cut(Error);
        return new BasicProperties
        {
            MessageId = TaskId,
            CorrelationId = TaskId,
            AppId = Host.Length <= LongestHost ? Host : Host[..LongestHost],
            ContentType = ContentType,
            DeliveryMode = DeliveryModes.Persistent,
            Headers = headers,
        };
    }

    private static string Cut(string text)
    {
        if (text.Length <= LongestError) return text;
        var end = char.IsHighSurrogate(text[LongestError - 2]) ? LongestError - 2 : LongestError - 1;
        return text[..end] + "…";
    }
}
