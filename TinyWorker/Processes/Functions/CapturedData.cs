using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using TinyWorker.Processes.Data;

namespace TinyWorker.Processes.Functions;

/// <summary>Captured values as JSON, by the rule of <see cref="CopyCheck"/>.</summary>
[RequiresUnreferencedCode(TravellingFunction.Reflects)]
[RequiresDynamicCode(TravellingFunction.Reflects)]
internal static class CapturedData
{
    private static readonly JsonSerializerOptions Options = MakeOptions();

    /// <summary>
    /// The type that is written with the data: the value's own, or the public type that a hidden subclass of .NET derives from.
    /// </summary>
    public static Type TypeToTravelAs(object value)
    {
        var type = KnownTypes.MadeFromText(value) ?? value.GetType();
        return Closure.IsCollectionExpression(type) ? typeof(List<>).MakeGenericType(type.GetGenericArguments()) : type;
    }

    /// <summary>The JSON; null, with the reason as a sentence, if the value cannot be sent.</summary>
    public static byte[]? Write(object value, Type type, out string reason)
    {
        try
        {
            if (type != value.GetType() && value is IEnumerable items && Closure.IsCollectionExpression(value.GetType()))
                value = Activator.CreateInstance(type, items)!;
            reason = CopyCheck.WhyNot(value, type, Options, out var json) ?? "";
            return reason.Length == 0 ? json : null;
        }
        catch (RefusedDataException e)
        {
            reason = e.Message;
        }
        catch (Exception e)
        {
            reason = $"it is not plain data that System.Text.Json can copy ({e.GetType().Name}: {e.Message.ReplaceLineEndings(" ")}).";
        }

        return null;
    }

    public static object Read(byte[] json, Type type) =>
        JsonSerializer.Deserialize(json, type, Options) ?? throw new JsonException("null, where a value was.");

    private static JsonSerializerOptions MakeOptions()
    {
        var options = new JsonSerializerOptions
        {
            IncludeFields = true,
            NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
            // Set here, because a program can be built without it as the default.
            TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { NumberFormat.Settle } },
        };
        DataConverters.AddTo(options);
        return options;
    }
}
