using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using TinyWorker.Processes.Payloads;

namespace TinyWorker.Processes.Data;

/// <summary>
/// What is sent as its bits when it is sent by itself, within other values: arrays of numbers, and the structs of .NET that
/// System.Text.Json cannot read back (Complex, vectors, Rune, Range). And arrays of more than one dimension.
/// </summary>
[RequiresDynamicCode(DataReflection.Reason)]
internal sealed class BitsConverterFactory : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert)
    {
        if (typeToConvert.IsArray) return !typeToConvert.IsSZArray || IsBits(typeToConvert.GetElementType()!);
        // System.Text.Json knows the simple ones, and tuples.
        if (!typeToConvert.IsValueType || typeToConvert.IsGenericType || SimpleValue.Is(typeToConvert)) return false;
        return IsBits(typeToConvert);
    }

    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicConstructors, typeof(BitsConverter<>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicConstructors, typeof(BitsArrayConverter<>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicConstructors, typeof(ArrayConverter<,>))]
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "The constructors are kept.")]
    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "The constructors are kept.")]
    [UnconditionalSuppressMessage("Trimming", "IL2071", Justification = "The constructors are kept.")]
    [UnconditionalSuppressMessage("Trimming", "IL2076", Justification = "The constructors are kept.")]
    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options)
    {
        var element = typeToConvert.GetElementType();
        var converter = element is null ? typeof(BitsConverter<>).MakeGenericType(typeToConvert)
            : typeToConvert.IsSZArray ? typeof(BitsArrayConverter<>).MakeGenericType(element)
            : typeof(ArrayConverter<,>).MakeGenericType(typeToConvert, element);
        return (JsonConverter)Activator.CreateInstance(converter)!;
    }

    // Not the user's structs: they may say themselves how they become JSON.
    private static bool IsBits(Type type) => BitwiseTypes.Contains(type) && Nullable.GetUnderlyingType(type) is null;
}

/// <summary>A struct without references, as text in base 64.</summary>
internal sealed class BitsConverter<T> : JsonConverter<T>
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var bytes = reader.GetBytesFromBase64();
        return bytes.Length == Unsafe.SizeOf<T>()
            ? Unsafe.ReadUnaligned<T>(in bytes[0])
            : throw new JsonException($"{bytes.Length} bytes for a {typeof(T)}.");
    }

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WriteBase64StringValue(MemoryMarshal.CreateSpan(ref Unsafe.As<T, byte>(ref value), Unsafe.SizeOf<T>()));
}

/// <summary>An array of structs without references, as text in base 64: faster than digits, and every bit arrives.</summary>
internal sealed class BitsArrayConverter<T> : JsonConverter<T[]>
{
    public override T[] Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var bytes = reader.GetBytesFromBase64();
        if (typeof(T) == typeof(byte)) return (T[])(object)bytes;
        var (count, rest) = Math.DivRem(bytes.Length, Unsafe.SizeOf<T>());
        if (rest != 0) throw new JsonException($"{bytes.Length} bytes for an array of {typeof(T)}.");
        var array = count == 0 ? [] : GC.AllocateUninitializedArray<T>(count);
        bytes.CopyTo(ArrayMemory<T>.BytesOf(array));
        return array;
    }

    public override void Write(Utf8JsonWriter writer, T[] value, JsonSerializerOptions options) =>
        writer.WriteBase64StringValue(ArrayMemory<T>.BytesOf(CollectionRules.Exactly<T[]>(value)));
}

/// <summary>An array of more than one dimension: [length, lower bound, length, lower bound, ..., item, item, ...]</summary>
internal sealed class ArrayConverter<TArray, TElement> : JsonConverter<TArray>, IHasItems
{
    public Type[] ItemTypes => [typeof(TElement)];

    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "There is code for the type: the converter has it as its own.")]
    public override TArray Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var info = (JsonTypeInfo<TElement>)options.GetTypeInfo(typeof(TElement));
        var lengths = new int[typeof(TArray).GetArrayRank()];
        var bounds = new int[lengths.Length];
        var count = 1L;
        for (var i = 0; i < lengths.Length; i++)
        {
            reader.Read();
            lengths[i] = reader.GetInt32();
            reader.Read();
            bounds[i] = reader.GetInt32();
            count = checked(count * lengths[i]);
        }

        // The items come first into a list: a length that lies allocates nothing.
        var items = new List<TElement>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            items.Add(JsonSerializer.Deserialize(ref reader, info)!);
        if (items.Count != count) throw new JsonException($"{items.Count} items for an array of {count}.");
        var array = Array.CreateInstance(typeof(TElement), lengths, bounds);
        var at = 0;
        foreach (var indices in IndicesOf(array)) array.SetValue(items[at++], indices);
        return (TArray)(object)array;
    }

    public override void Write(Utf8JsonWriter writer, TArray value, JsonSerializerOptions options)
    {
        var info = (JsonTypeInfo<TElement>)options.GetTypeInfo(typeof(TElement));
        var array = (Array)(object)value!;
        if (array.GetType() != typeof(TArray))
            throw new RefusedDataException(CollectionRules.WouldComeBackAs(array.GetType(), typeof(TArray)));
        writer.WriteStartArray();
        for (var i = 0; i < array.Rank; i++)
        {
            writer.WriteNumberValue(array.GetLength(i));
            writer.WriteNumberValue(array.GetLowerBound(i));
        }

        foreach (TElement item in array) JsonSerializer.Serialize(writer, item, info);
        writer.WriteEndArray();
    }

    private static IEnumerable<int[]> IndicesOf(Array array)
    {
        if (array.Length == 0) yield break;
        var indices = new int[array.Rank];
        for (var i = 0; i < indices.Length; i++) indices[i] = array.GetLowerBound(i);
        while (true)
        {
            yield return indices;
            var dimension = indices.Length - 1;
            while (dimension >= 0 && ++indices[dimension] > array.GetUpperBound(dimension))
            {
                indices[dimension] = array.GetLowerBound(dimension);
                dimension--;
            }

            if (dimension < 0) yield break;
        }
    }
}
