using System.Numerics;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace TinyWorker.Processes.Data;

/// <summary>
/// A value in a place of type object: [number of its type, value]. System.Text.Json alone would write it without its type, and read a
/// JsonElement. Only types of this list come through: the other process must not be able to have any type made.
/// </summary>
internal sealed class ObjectConverter : JsonConverter<object>
{
    // Parent and child run the same build. So the place in the list is enough.
    private static readonly Type[] Known =
    [
        typeof(string), typeof(bool), typeof(int), typeof(long), typeof(double), typeof(decimal), typeof(float), typeof(byte),
        typeof(sbyte), typeof(short), typeof(ushort), typeof(uint), typeof(ulong), typeof(Half), typeof(Int128), typeof(UInt128),
        typeof(char), typeof(Guid), typeof(TimeSpan), typeof(DateTime), typeof(DateTimeOffset), typeof(DateOnly), typeof(TimeOnly),
        typeof(BigInteger), typeof(Uri), typeof(Version), typeof(JsonElement),
        typeof(byte[]), typeof(string[]), typeof(int[]), typeof(long[]), typeof(double[]), typeof(float[]), typeof(bool[]),
        typeof(object[]), typeof(List<object>), typeof(List<string>), typeof(List<int>), typeof(List<double>),
        typeof(Dictionary<string, object>), typeof(Dictionary<string, string>),
    ];

    public override object Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray || !reader.Read())
            throw new JsonException("a value without the number of its type.");
        var index = reader.GetInt32();
        if (index < 0 || index >= Known.Length) throw new JsonException($"a value of type {index}.");
        reader.Read();
        var value = JsonSerializer.Deserialize(ref reader, options.GetTypeInfo(Known[index]));
        reader.Read();
        return value ?? throw new JsonException("null, where a value was.");
    }

    public override void Write(Utf8JsonWriter writer, object value, JsonSerializerOptions options)
    {
        var type = value.GetType();
        var index = Array.IndexOf(Known, type);
        if (index < 0)
        {
            throw new RefusedDataException(
                $"it holds a {SourceNames.Name(type)} in a place of type Object, and the other process would not know its type. " +
                "Numbers, strings, dates, and arrays, lists and dictionaries of these may be there. " +
                "Declare the type itself, or a base type that is marked with [JsonDerivedType] and a discriminator.");
        }

        writer.WriteStartArray();
        writer.WriteNumberValue(index);
        JsonSerializer.Serialize(writer, value, options.GetTypeInfo(type));
        writer.WriteEndArray();
    }
}
