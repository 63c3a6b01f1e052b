using System.Text.Json;
using System.Text.Json.Serialization;

namespace TinyWorker.Backends.Processes.Functions.Json;

/// <summary>A type that System.Text.Json does not know and that a text says all of.</summary>
internal sealed class TextConverter<T>(Func<T, string> write, Func<string, T> read) : JsonConverter<T>
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => read(reader.GetString()!);

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(write(value));
}
