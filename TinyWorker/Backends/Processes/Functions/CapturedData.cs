using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using TinyWorker.Backends.Processes.Functions.Json;

namespace TinyWorker.Backends.Processes.Functions;

/// <summary>
/// Captured values as JSON. One rule for all: a value travels if the copy that System.Text.Json makes of it equals it, field by field,
/// private ones included.
/// </summary>
[RequiresUnreferencedCode(TravellingFunction.Reflects)]
[RequiresDynamicCode(TravellingFunction.Reflects)]
internal static class CapturedData
{
    private static readonly JsonSerializerOptions Options = new()
    {
        IncludeFields = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        // Named, because a program can be built without it as the default.
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
        Converters =
        {
            new KeyedCollectionConverterFactory(),
            new TextConverter<BigInteger>(
                number => number.ToString(CultureInfo.InvariantCulture), text => BigInteger.Parse(text, CultureInfo.InvariantCulture)),
            new TextConverter<CultureInfo>(culture => culture.Name, CultureInfo.GetCultureInfo),
            new TextConverter<CancellationToken>(_ => "", _ => CancellationToken.None),
            new RegexConverter(),
        },
    };

    /// <summary>The type that is written beside the data: the value's own, or the one behind which a subclass of .NET's hides.</summary>
    public static Type TypeToTravelAs(object value)
    {
        var type = value.GetType();
        if (value is Regex) return typeof(Regex);
        if (value is CultureInfo { IsReadOnly: true }) return typeof(CultureInfo);
        return Closure.IsCollectionExpression(type) ? typeof(List<>).MakeGenericType(type.GetGenericArguments()) : type;
    }

    /// <summary>The JSON; null, with the reason as a sentence, if the value cannot travel.</summary>
    public static byte[]? Write(object value, Type type, out string reason)
    {
        try
        {
            // First of all without running any code of the value's: JSON would read every property, and enumerate what may have no end.
            reason = new DataInspector().WhyNot(value) ?? "";
            if (reason.Length > 0) return null;
            if (type != value.GetType() && value is IEnumerable items) value = Activator.CreateInstance(type, items)!;
            var json = JsonSerializer.SerializeToUtf8Bytes(value, type, Options);
            var copy = Read(json, type);
            if (Likeness.Difference(value, copy) is { } where)
                reason = $"System.Text.Json would lose {where}. An object travels if all of its state is public, or marked for System.Text.Json.";
            else if (!json.AsSpan().SequenceEqual(JsonSerializer.SerializeToUtf8Bytes(copy, type, Options)))
                reason = "what System.Text.Json makes of it is not what it makes of a copy.";
            else
                return json;
        }
        catch (Exception e)
        {
            reason = $"it is not plain data that System.Text.Json can copy ({e.GetType().Name}: {e.Message.ReplaceLineEndings(" ")}).";
        }

        return null;
    }

    public static object Read(byte[] json, Type type) =>
        JsonSerializer.Deserialize(json, type, Options) ?? throw new JsonException("null, where a value was.");
}
