using System.Buffers;
using TinyWorker.Processes.Payloads;

namespace TinyWorker.Processes.Data;

/// <summary>
/// The default serializer, made when it is first needed: to make it takes a new process longer than the rest of its start, and many
/// processes never need it.
/// </summary>
internal sealed class LazyJson : IPayloadSerializer
{
    private readonly Lazy<JsonPayloadSerializer> _json = new(static () => new JsonPayloadSerializer());

    public void Serialize<T>(T value, IBufferWriter<byte> writer) => _json.Value.Serialize(value, writer);

    public T Deserialize<T>(ReadOnlyMemory<byte> payload) => _json.Value.Deserialize<T>(payload);

    /// <summary>
    /// Throws if the library's own serializer writes values of type T, and could send none of them whole. A serializer of the user's is
    /// trusted. The values are named in the plural: "Inputs".
    /// </summary>
    /// <exception cref="ArgumentException">None could be sent.</exception>
    public static void ThrowIfNoneIsWhole<T>(PayloadFormat<T> format, IPayloadSerializer serializer, string values)
    {
        if (format is not SerializerFormat<T>) return;
        var json = serializer is LazyJson lazy ? lazy._json.Value : serializer as JsonPayloadSerializer;
        if (json?.WhyNot(typeof(T)) is not { } reason) return;
        throw new ArgumentException(
            $"{values} of type {SourceNames.Name(typeof(T))} cannot go to another process whole: {reason} " +
            $"{nameof(ProcessTroupeOptions)}.{nameof(ProcessTroupeOptions.Serializer)} may give another serializer.");
    }
}
