using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace TinyWorker.Processes.Data;

/// <summary>How numbers are written is the user's choice. What is written is read again.</summary>
internal static class NumberFormat
{
    /// <summary>For a type, and for its properties.</summary>
    public static void Settle(JsonTypeInfo info)
    {
        if (info.NumberHandling is { } handling) info.NumberHandling = Both(handling);
        foreach (var property in info.Properties)
            if (property.NumberHandling is { } own) property.NumberHandling = ForProperty(own, property.PropertyType, info.Options);
    }

    public static JsonNumberHandling Both(JsonNumberHandling handling) =>
        handling.HasFlag(JsonNumberHandling.WriteAsString) ? handling | JsonNumberHandling.AllowReadingFromString : handling;

    // Null where another converter writes the numbers: System.Text.Json would refuse the property.
    private static JsonNumberHandling? ForProperty(JsonNumberHandling handling, Type type, JsonSerializerOptions options) =>
        IsConverted(type, options) ? null : Both(handling);

    private static bool IsConverted(Type type, JsonSerializerOptions options) =>
        options.Converters.Any(converter => converter.CanConvert(type))
        || (type.IsArray && IsConverted(type.GetElementType()!, options))
        || (type.IsGenericType && Array.Exists(type.GetGenericArguments(), argument => IsConverted(argument, options)));
}

/// <summary>
/// A decimal as a number; a zero with a minus, which System.Text.Json would lose, as a text: "-0e" and the number of digits.
/// </summary>
internal sealed class DecimalConverter : JsonConverter<decimal>
{
    private const string NegativeZero = "-0e";

    public override decimal Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String ? Parse(reader.GetString()!) : reader.GetDecimal();

    public override void Write(Utf8JsonWriter writer, decimal value, JsonSerializerOptions options)
    {
        if (IsNegativeZero(value)) writer.WriteStringValue(Format(value));
        else writer.WriteNumberValue(value);
    }

    public override decimal ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Parse(reader.GetString()!);

    public override void WriteAsPropertyName(Utf8JsonWriter writer, decimal value, JsonSerializerOptions options) =>
        writer.WritePropertyName(Format(value));

    private static bool IsNegativeZero(decimal value) => value == 0 && decimal.IsNegative(value);

    private static string Format(decimal value) => IsNegativeZero(value)
        ? string.Create(CultureInfo.InvariantCulture, $"{NegativeZero}{value.Scale}")
        : value.ToString(CultureInfo.InvariantCulture);

    private static decimal Parse(string text) => text.StartsWith(NegativeZero, StringComparison.Ordinal)
        ? new decimal(0, 0, 0, isNegative: true, byte.Parse(text.AsSpan(NegativeZero.Length), CultureInfo.InvariantCulture))
        : decimal.Parse(text, CultureInfo.InvariantCulture);
}
