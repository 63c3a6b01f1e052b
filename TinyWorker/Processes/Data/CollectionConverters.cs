using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using TinyWorker.Processes.Payloads;

namespace TinyWorker.Processes.Data;

/// <summary>
/// Dictionaries, sets and stacks, also behind their interfaces. System.Text.Json itself loses comparers, takes only keys that are a text,
/// and reverses stacks.
/// </summary>
[RequiresDynamicCode(DataReflection.Reason)]
internal sealed class CollectionConverterFactory : JsonConverterFactory
{
    private static readonly Dictionary<Type, Type> Converters = new()
    {
        [typeof(Dictionary<,>)] = typeof(DictionaryConverter<,,>),
        [typeof(IDictionary<,>)] = typeof(DictionaryConverter<,,>),
        [typeof(IReadOnlyDictionary<,>)] = typeof(DictionaryConverter<,,>),
        [typeof(HashSet<>)] = typeof(SetConverter<,>),
        [typeof(ISet<>)] = typeof(SetConverter<,>),
        [typeof(IReadOnlySet<>)] = typeof(SetConverter<,>),
        [typeof(Stack<>)] = typeof(StackConverter<>),
        [typeof(ImmutableStack<>)] = typeof(ImmutableStackConverter<>),
    };

    public override bool CanConvert(Type typeToConvert) =>
        typeToConvert.IsGenericType && Converters.ContainsKey(typeToConvert.GetGenericTypeDefinition())
        && !MayHoldExtensionData(typeToConvert);

    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicConstructors, typeof(DictionaryConverter<,,>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicConstructors, typeof(SetConverter<,>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicConstructors, typeof(StackConverter<>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicConstructors, typeof(ImmutableStackConverter<>))]
    [UnconditionalSuppressMessage("Trimming", "IL2072", Justification = "The constructors are kept.")]
    [UnconditionalSuppressMessage("Trimming", "IL2055", Justification = "The constructors are kept.")]
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "The constructors are kept.")]
    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options)
    {
        var arguments = typeToConvert.GetGenericArguments();
        var converter = Converters[typeToConvert.GetGenericTypeDefinition()];
        if (arguments.Length < converter.GetGenericArguments().Length) arguments = [typeToConvert, .. arguments];
        return (JsonConverter)Activator.CreateInstance(converter.MakeGenericType(arguments))!;
    }

    // A property marked [JsonExtensionData] has one of these types, and System.Text.Json itself must write it.
    private static bool MayHoldExtensionData(Type type) =>
        type.GetGenericArguments() is [var key, var value]
        && key == typeof(string) && (value == typeof(object) || value == typeof(JsonElement));
}

/// <summary>The items of a collection: written and read with the metadata of their type, which is looked up once.</summary>
internal sealed class ItemFormat<T>
{
    private JsonTypeInfo<T>? _info;       // set before the converter
    private JsonConverter<T>? _simple;    // of a type that needs no state of the serializer's

    public void Write(Utf8JsonWriter writer, T item, JsonSerializerOptions options)
    {
        var info = Info(options);
        if (_simple is null) JsonSerializer.Serialize(writer, item, info);
        else if (item is null) writer.WriteNullValue();
        else _simple.Write(writer, item, options);
    }

    public T Read(ref Utf8JsonReader reader, JsonSerializerOptions options)
    {
        var info = Info(options);
        if (_simple is null) return JsonSerializer.Deserialize(ref reader, info)!;
        return reader.TokenType == JsonTokenType.Null && default(T) is null ? default! : _simple.Read(ref reader, typeof(T), options)!;
    }

    // Threads may race for it: each finds the same.
    private JsonTypeInfo<T> Info(JsonSerializerOptions options)
    {
        if (_info is { } known) return known;
        var info = (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T));
        // What can be NaN is left to the serializer, which knows how the options name it.
        var isSimple = SimpleValue.Is(typeof(T)) && !typeof(T).IsEnum
            && typeof(T) != typeof(double) && typeof(T) != typeof(float) && typeof(T) != typeof(Half);
        _simple = isSimple ? info.Converter as JsonConverter<T> : null;
        Volatile.Write(ref _info, info);
        return info;
    }
}

/// <summary>[comparer, key, value, key, value, ...]</summary>
internal sealed class DictionaryConverter<TDeclared, TKey, TValue> : JsonConverter<TDeclared>, IHasItems
    where TKey : notnull
{
    private readonly ItemFormat<TKey> _keys = new();
    private readonly ItemFormat<TValue> _values = new();

    public Type[] ItemTypes => [typeof(TKey), typeof(TValue)];

    public override TDeclared Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        reader.Read();
        var dictionary = new Dictionary<TKey, TValue>(KnownComparers.Get<TKey>(reader.GetInt32()));
        // The serializer has the whole text, and throws if it ends too early: Read always has something to read.
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var key = _keys.Read(ref reader, options);
            reader.Read();
            dictionary.Add(key, _values.Read(ref reader, options));
        }

        return (TDeclared)(object)dictionary;
    }

    public override void Write(Utf8JsonWriter writer, TDeclared value, JsonSerializerOptions options)
    {
        var dictionary = CollectionRules.Exactly<Dictionary<TKey, TValue>>(value!);
        writer.WriteStartArray();
        writer.WriteNumberValue(CollectionRules.NumberOf(dictionary.Comparer));
        foreach (var (key, item) in dictionary)
        {
            _keys.Write(writer, key, options);
            _values.Write(writer, item, options);
        }

        writer.WriteEndArray();
    }
}

/// <summary>[comparer, item, item, ...]</summary>
internal sealed class SetConverter<TDeclared, T> : JsonConverter<TDeclared>, IHasItems
{
    private readonly ItemFormat<T> _items = new();

    public Type[] ItemTypes => [typeof(T)];

    public override TDeclared Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        reader.Read();
        var set = new HashSet<T>(KnownComparers.Get<T>(reader.GetInt32()));
        // As for dictionaries: Read always has something to read.
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) set.Add(_items.Read(ref reader, options));
        return (TDeclared)(object)set;
    }

    public override void Write(Utf8JsonWriter writer, TDeclared value, JsonSerializerOptions options)
    {
        var set = CollectionRules.Exactly<HashSet<T>>(value!);
        writer.WriteStartArray();
        writer.WriteNumberValue(CollectionRules.NumberOf(set.Comparer));
        foreach (var item in set) _items.Write(writer, item, options);
        writer.WriteEndArray();
    }
}

/// <summary>[top, next, ...]</summary>
internal sealed class StackConverter<T> : JsonConverter<Stack<T>>, IHasItems
{
    private readonly ItemFormat<T> _items = new();

    public Type[] ItemTypes => [typeof(T)];

    public override Stack<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var items = new List<T>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) items.Add(_items.Read(ref reader, options));
        items.Reverse();
        return new Stack<T>(items);
    }

    public override void Write(Utf8JsonWriter writer, Stack<T> value, JsonSerializerOptions options)
    {
        CollectionRules.Exactly<Stack<T>>(value);
        writer.WriteStartArray();
        foreach (var item in value) _items.Write(writer, item, options);
        writer.WriteEndArray();
    }
}

/// <summary>[top, next, ...]</summary>
internal sealed class ImmutableStackConverter<T> : JsonConverter<ImmutableStack<T>>, IHasItems
{
    private readonly ItemFormat<T> _items = new();

    public Type[] ItemTypes => [typeof(T)];

    public override ImmutableStack<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var items = new List<T>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) items.Add(_items.Read(ref reader, options));
        items.Reverse();
        return ImmutableStack.CreateRange(items);
    }

    public override void Write(Utf8JsonWriter writer, ImmutableStack<T> value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        foreach (var item in value) _items.Write(writer, item, options);
        writer.WriteEndArray();
    }
}
