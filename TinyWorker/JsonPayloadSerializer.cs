using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace TinyWorker;

/// <summary>
/// Inputs and results as System.Text.Json: the default of worker processes. A type of which nothing would come back (a tuple without
/// <see cref="JsonSerializerOptions.IncludeFields"/>, a class or struct with neither settable properties nor a constructor for them) is an
/// error, not an empty value.
/// </summary>
/// <remarks>Safe to use from many threads at once.</remarks>
public sealed class JsonPayloadSerializer : IPayloadSerializer
{
    private static readonly ArrayBufferWriter<byte> Nowhere = new(1);   // where a writer that is not in use writes

    private readonly JsonSerializerOptions _options;
    private readonly JsonWriterOptions _writerOptions;
    private Utf8JsonWriter? _spareWriter;   // one that is not in use; whoever exchanges it out has it

    /// <summary>Makes a serializer.</summary>
    /// <param name="options">How to serialize; a copy is taken. Null for the defaults of System.Text.Json and public fields (thus tuples), and
    /// NaN and the infinities by name.</param>
    public JsonPayloadSerializer(JsonSerializerOptions? options = null)
    {
        _options = options is null
            ? new JsonSerializerOptions
            {
                IncludeFields = true,
                NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,   // no browser reads it
            }
            : new JsonSerializerOptions(options);
        _options.WriteIndented = false;
        _options.TypeInfoResolver = (_options.TypeInfoResolver ?? ByReflection()).WithAddedModifier(RefuseWhatWouldBeLost);
        _options.MakeReadOnly();
        const int defaultDepth = 64;   // what 0 means to the options; to a writer it means another
        _writerOptions = new JsonWriterOptions
        {
            Encoder = _options.Encoder,
            MaxDepth = _options.MaxDepth == 0 ? defaultDepth : _options.MaxDepth,
            SkipValidation = true,
        };
    }

    /// <summary>Makes a serializer of source-generated metadata, which needs no reflection.</summary>
    /// <param name="context">The metadata, with its options. A type that is not in it cannot be serialized.</param>
    /// <exception cref="ArgumentNullException"><paramref name="context"/> is null.</exception>
    public JsonPayloadSerializer(JsonSerializerContext context)
        : this((context ?? throw new ArgumentNullException(nameof(context))).Options)
    {
    }

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">The type has no form in JSON.</exception>
    /// <exception cref="JsonException">The value has none, as it contains itself or is nested too deep.</exception>
    public void Serialize<T>(T value, IBufferWriter<byte> writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        var json = Interlocked.Exchange(ref _spareWriter, null);
        if (json is null) json = new Utf8JsonWriter(writer, _writerOptions);
        else json.Reset(writer);
        JsonSerializer.Serialize(json, value, TypeInfo<T>());
        json.Flush();
        json.Reset(Nowhere);
        // One that has thrown is not kept.
        Volatile.Write(ref _spareWriter, json);
    }

    /// <inheritdoc/>
    /// <exception cref="JsonException">The payload is no JSON, or not of this type.</exception>
    /// <exception cref="NotSupportedException">The type cannot be read from JSON.</exception>
    public T Deserialize<T>(ReadOnlyMemory<byte> payload) => JsonSerializer.Deserialize(payload.Span, TypeInfo<T>())!;

    // The options remember what they have found out about a type.
    private JsonTypeInfo<T> TypeInfo<T>() => (JsonTypeInfo<T>)_options.GetTypeInfo(typeof(T));

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "A trimmed program turns reflection in System.Text.Json off.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "As above.")]
    private static DefaultJsonTypeInfoResolver ByReflection() => JsonSerializer.IsReflectionEnabledByDefault
        ? new DefaultJsonTypeInfoResolver()
        : throw new InvalidOperationException(
            "System.Text.Json may use no reflection in this program: " +
            "give JsonPayloadSerializer a JsonSerializerContext that knows the troupe's types.");

    // System.Text.Json writes such a type as {} or writes its properties, and in either case reads back a value as good as new.
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "A field that was trimmed away loses nothing.")]
    private static void RefuseWhatWouldBeLost(JsonTypeInfo info)
    {
        // Without CreateObject it goes through a constructor with parameters, or is refused anyway.
        if (info.Kind != JsonTypeInfoKind.Object || info.CreateObject is null || info.PolymorphismOptions is not null) return;
        foreach (var property in info.Properties)
        {
            if (property.Set is not null || property.IsExtensionData) return;
            if (property.ObjectCreationHandling == JsonObjectCreationHandling.Populate) return;
        }

        const BindingFlags own = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        for (var type = info.Type; type is not null; type = type.BaseType)
        {
            if (type.GetFields(own).Length == 0) continue;
            throw new NotSupportedException(
                $"A {info.Type} would lose all it holds as JSON: it has nothing that can be set when it is read. Give it settable " +
                "properties or a constructor marked [JsonConstructor], set JsonSerializerOptions.IncludeFields (tuples), or send another type.");
        }
    }
}
