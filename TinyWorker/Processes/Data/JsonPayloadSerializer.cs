using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using TinyWorker.Processes.Data;
using TinyWorker.Processes.Payloads;

namespace TinyWorker;

/// <summary>
/// Writes and reads inputs and results with System.Text.Json. It is the default of worker processes. A value arrives whole or is refused:
/// what System.Text.Json would lose is an error that names the type and the member, and says what to do.
/// </summary>
/// <remarks>
/// <para>Refused are members without a setter or constructor parameter, private state that no property sets, objects of a class derived
/// from the declared one (unless it is marked with <see cref="JsonDerivedTypeAttribute"/>), comparers that no other process has, and what
/// belongs to this process, such as streams and tokens. Members marked with <see cref="JsonIgnoreAttribute"/> stay behind. Types and
/// members with a <see cref="JsonConverter"/> of their author's are trusted.</para>
/// <para>It has converters for what System.Text.Json alone would damage: strings with half of a surrogate pair, stacks, the comparers of
/// <see cref="StringComparer"/>, numbers and strings in a place of type object, and others. So its JSON is for it alone to read.</para>
/// <para>An object twice in a value is two objects in the copy. Safe to use from many threads at once.</para>
/// </remarks>
public sealed class JsonPayloadSerializer : IPayloadSerializer
{
    private static readonly ArrayBufferWriter<byte> Nowhere = new(1);   // the target of a writer that is not in use

    private readonly JsonSerializerOptions _options;
    private readonly WholeDataRule _rule = new();
    private readonly JsonWriterOptions _writerOptions;
    private Utf8JsonWriter? _spareWriter;   // not in use; whoever exchanges it for null owns it

    /// <summary>Makes a serializer.</summary>
    /// <param name="options">How to serialize; a copy is taken. Null for the defaults of System.Text.Json, with public fields (and so
    /// tuples), and with NaN and the infinities by name.</param>
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
        _options.NumberHandling = NumberFormat.Both(_options.NumberHandling);
        // One more than the user's, because System.Text.Json counts the place of a string for its converter, and not for its own.
        const int DefaultDepth = 64;   // what 0 means to the options; to a writer it means something else
        _options.MaxDepth = Math.Min(_options.MaxDepth == 0 ? DefaultDepth : _options.MaxDepth, int.MaxValue - 1) + 1;
        _options.TypeInfoResolver = (_options.TypeInfoResolver ?? ByReflection()).WithAddedModifier(_rule.Apply);
        DataConverters.AddTo(_options);
        _options.MakeReadOnly();
        _writerOptions = new JsonWriterOptions
        {
            Encoder = _options.Encoder,
            MaxDepth = _options.MaxDepth,
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
    /// <exception cref="NotSupportedException">The value would not arrive whole, or its own code threw: the message says where, why, and
    /// what to do.</exception>
    public void Serialize<T>(T value, IBufferWriter<byte> writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        var json = Interlocked.Exchange(ref _spareWriter, null);
        if (json is null) json = new Utf8JsonWriter(writer, _writerOptions);
        else json.Reset(writer);
        var known = WholeDataRule.Known;
        try
        {
            JsonSerializer.Serialize(json, value, TypeInfo<T>());
            json.Flush();
        }
        catch (Exception e) when (e is not OutOfMemoryException && writer is not PayloadBuffer { HasOverflowed: true })
        {
            WholeDataRule.Known = known;
            throw Refusal<T>(e);
        }

        json.Reset(Nowhere);
        // A writer that has thrown is not kept.
        Volatile.Write(ref _spareWriter, json);
    }

    /// <inheritdoc/>
    /// <exception cref="JsonException">The payload is not JSON, or not JSON of this type.</exception>
    /// <exception cref="NotSupportedException">The type cannot be read from JSON, or its own code threw.</exception>
    public T Deserialize<T>(ReadOnlyMemory<byte> payload)
    {
        try
        {
            return JsonSerializer.Deserialize(payload.Span, TypeInfo<T>())!;
        }
        catch (Exception e) when (e is not (JsonException or NotSupportedException or OutOfMemoryException))
        {
            throw new NotSupportedException(
                $"A value of type {SourceNames.Name(typeof(T))} cannot be made again from what came from the other process: " +
                $"{e.GetType().Name}: {e.Message}",
                e);
        }
    }

    // The options cache what they find out about a type.
    private JsonTypeInfo<T> TypeInfo<T>() => (JsonTypeInfo<T>)_options.GetTypeInfo(typeof(T));

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "A trimmed program turns reflection in System.Text.Json off.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "As above.")]
    private static DefaultJsonTypeInfoResolver ByReflection() => JsonSerializer.IsReflectionEnabledByDefault
        ? new DefaultJsonTypeInfoResolver()
        : throw new InvalidOperationException(
            "System.Text.Json may use no reflection in this program: " +
            "give JsonPayloadSerializer a JsonSerializerContext that knows the troupe's types.");

    /// <summary>Why no value of the type can be sent whole, as a sentence; null if some can.</summary>
    internal string? WhyNot(Type type)
    {
        try
        {
            return _rule.WhyNot(_options.GetTypeInfo(type));
        }
        catch (Exception e) when (e is NotSupportedException or InvalidOperationException)
        {
            return $"{e.Message} A member that need not travel may be marked with [JsonIgnore].";   // it names the type and the member
        }
    }

    /// <summary>The reason, with the way to the part of the value that it is about.</summary>
    internal static string Located(JsonException refusal)
    {
        // "$.Lines": the items of collections have no numbers in it.
        var path = refusal.Path is { Length: > 2 } from && from.StartsWith("$.", StringComparison.Ordinal) ? $"its {from[2..]}" : null;
        if (path is null) return refusal.Message;
        return refusal.Message.StartsWith("its ", StringComparison.Ordinal) ? $"{path}, {refusal.Message}" : $"{path}: {refusal.Message}";
    }

    // A circle has a long way to it, twice.
    private static string Shortened(JsonException cause)
    {
        const int Longest = 60;
        var path = cause.Path ?? "$";
        var message = cause.Message.Split(" Path: ")[0];
        return $"at {(path.Length <= Longest ? path : path[..Longest] + "...")}: {message}";
    }

    private static NotSupportedException Refusal<T>(Exception cause)
    {
        var reason = cause switch
        {
            RefusedDataException refusal => Located(refusal),
            JsonException json => Shortened(json),
            NotSupportedException => $"System.Text.Json cannot write it: {cause.Message}",
            _ => $"writing it as JSON threw {cause.GetType().Name}: {cause.Message}",
        };
        return new NotSupportedException(
            $"A value of type {SourceNames.Name(typeof(T))} cannot go to another process: {reason}",
            cause is RefusedDataException ? null : cause);
    }
}
