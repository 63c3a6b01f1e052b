using System.Buffers;
using TinyWorker.Processes.Payloads;

namespace TinyWorker.Processes.Data;

/// <summary>
/// The default serializer, made when it is first needed: to make it takes a new process longer than the rest of its start, and many
/// processes never need it.
/// </summary>
internal sealed class LazyJson : IPayloadSerializer
{
    // As an interface: a field of the type itself would load System.Text.Json together with this class.
    private IPayloadSerializer? _json;

    public void Serialize<T>(T value, IBufferWriter<byte> writer) => Json().Serialize(value, writer);

    public T Deserialize<T>(ReadOnlyMemory<byte> payload) => Json().Deserialize<T>(payload);

    /// <summary>
    /// Throws if the library's own serializer writes values of type T, and could send none of them whole. A serializer of the user's is
    /// trusted. The values are named in the plural: "Inputs".
    /// </summary>
    /// <exception cref="ArgumentException">None could be sent.</exception>
    public static void ThrowIfNoneIsWhole<T>(PayloadFormat<T> format, IPayloadSerializer serializer, string values)
    {
        if (format is not SerializerFormat<T>) return;
        var json = serializer is LazyJson lazy ? (JsonPayloadSerializer)lazy.Json() : serializer as JsonPayloadSerializer;
        if (json?.WhyNot(typeof(T)) is not { } reason) return;
        throw new ArgumentException(
            $"{values} of type {SourceNames.Name(typeof(T))} cannot go to another process whole: {reason} " +
            $"{nameof(ProcessTroupeOptions)}.{nameof(ProcessTroupeOptions.Serializer)} may give another serializer.");
    }

    private IPayloadSerializer Json() => LazyInitializer.EnsureInitialized(ref _json, static () => new JsonPayloadSerializer());
}
