using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace TinyWorker.Backends.Processes.Functions.Json;

/// <summary>[comparer, item, item, ...]</summary>
[RequiresUnreferencedCode(TravellingFunction.Reflects)]
[RequiresDynamicCode(TravellingFunction.Reflects)]
internal sealed class HashSetConverter<T> : JsonConverter<HashSet<T>>
{
    public override HashSet<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        reader.Read();
        var set = new HashSet<T>(KnownComparers.Get<T>(reader.GetInt32()));
        // As for dictionaries: there is always something to read.
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) set.Add(JsonSerializer.Deserialize<T>(ref reader, options)!);
        return set;
    }

    public override void Write(Utf8JsonWriter writer, HashSet<T> value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        // As for dictionaries, too.
        writer.WriteNumberValue(KnownComparers.NumberOf(value.Comparer) ?? throw new NotSupportedException("A set with a comparer of its own."));
        foreach (var item in value) JsonSerializer.Serialize(writer, item, options);
        writer.WriteEndArray();
    }
}
