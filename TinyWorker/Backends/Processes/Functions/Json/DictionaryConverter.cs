using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace TinyWorker.Backends.Processes.Functions.Json;

/// <summary>[comparer, key, value, key, value, ...]</summary>
[RequiresUnreferencedCode(TravellingFunction.Reflects)]
[RequiresDynamicCode(TravellingFunction.Reflects)]
internal sealed class DictionaryConverter<TKey, TValue> : JsonConverter<Dictionary<TKey, TValue>>
    where TKey : notnull
{
    public override Dictionary<TKey, TValue> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        reader.Read();
        var dictionary = new Dictionary<TKey, TValue>(KnownComparers.Get<TKey>(reader.GetInt32()));
        // The serializer has the whole text, and throws where it ends too early: there is always something to read.
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var key = JsonSerializer.Deserialize<TKey>(ref reader, options)!;
            reader.Read();
            dictionary.Add(key, JsonSerializer.Deserialize<TValue>(ref reader, options)!);
        }

        return dictionary;
    }

    public override void Write(Utf8JsonWriter writer, Dictionary<TKey, TValue> value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        // The inspector has let known ones pass only; but it sees fields, not what a property makes when it is asked.
        writer.WriteNumberValue(KnownComparers.NumberOf(value.Comparer) ?? throw new NotSupportedException("A dictionary with a comparer of its own."));
        foreach (var (key, item) in value)
        {
            JsonSerializer.Serialize(writer, key, options);
            JsonSerializer.Serialize(writer, item, options);
        }

        writer.WriteEndArray();
    }
}
