using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace TinyWorker.Processes.Data;

/// <summary>A type that System.Text.Json does not know, and that one text describes completely.</summary>
internal sealed class TextConverter<T>(Func<T, string> write, Func<string, T> read) : JsonConverter<T>
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        read(StringConverter.Read(ref reader)!);

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        StringConverter.Write(writer, write(value));
}

/// <summary>A regular expression: its options, its timeout, its pattern. A generated one arrives as an ordinary one.</summary>
internal sealed class RegexConverter : JsonConverter<Regex>
{
    public override Regex Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var parts = StringConverter.Read(ref reader)!.Split(':', 3);
        return new(parts[2], (RegexOptions)int.Parse(parts[0], provider: null), TimeSpan.FromTicks(long.Parse(parts[1], provider: null)));
    }

    public override void Write(Utf8JsonWriter writer, Regex value, JsonSerializerOptions options) =>
        StringConverter.Write(writer, $"{(int)value.Options}:{value.MatchTimeout.Ticks}:{value}");
}

/// <summary>
/// A string. JSON is UTF-8, and System.Text.Json writes U+FFFD for half of a surrogate pair: a string with such a half is an array of one
/// text, in which each character is four digits.
/// </summary>
internal sealed class StringConverter : JsonConverter<string>
{
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Read(ref reader);

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => Write(writer, value);

    public override string ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetString()!;

    public override void WriteAsPropertyName(Utf8JsonWriter writer, string value, JsonSerializerOptions options)
    {
        if (!IsWellFormed(value)) throw new RefusedDataException("a key of it has half of a surrogate pair, which JSON cannot hold.");
        writer.WritePropertyName(value);
    }

    public static string? Read(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray) return reader.GetString();
        reader.Read();
        var bytes = Convert.FromHexString(reader.GetString()!);
        reader.Read();
        return string.Create(bytes.Length / sizeof(char), bytes, static (chars, from) =>
        {
            for (var i = 0; i < chars.Length; i++) chars[i] = (char)((from[2 * i] << 8) | from[2 * i + 1]);
        });
    }

    public static void Write(Utf8JsonWriter writer, string value)
    {
        if (IsWellFormed(value))
        {
            writer.WriteStringValue(value);
            return;
        }

        writer.WriteStartArray();
        writer.WriteStringValue(string.Concat(value.Select(character => $"{(int)character:X4}")));
        writer.WriteEndArray();
    }

    private static bool IsWellFormed(string value)
    {
        // Almost no string has surrogates at all.
        var at = value.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF');
        for (; at >= 0 && at < value.Length; at++)
        {
            if (!char.IsSurrogate(value[at])) continue;
            if (at + 1 == value.Length || !char.IsSurrogatePair(value[at], value[at + 1])) return false;
            at++;
        }

        return true;
    }
}

/// <summary>A character, as its number: System.Text.Json would write U+FFFD for half of a surrogate pair.</summary>
internal sealed class CharConverter : JsonConverter<char>
{
    public override char Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => (char)reader.GetUInt16();

    public override void Write(Utf8JsonWriter writer, char value, JsonSerializerOptions options) => writer.WriteNumberValue(value);

    public override char ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        (char)int.Parse(reader.GetString()!, provider: null);

    public override void WriteAsPropertyName(Utf8JsonWriter writer, char value, JsonSerializerOptions options) =>
        writer.WritePropertyName(FormattableString.Invariant($"{(int)value}"));
}
