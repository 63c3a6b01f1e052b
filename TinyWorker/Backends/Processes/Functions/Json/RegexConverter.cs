using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace TinyWorker.Backends.Processes.Functions.Json;

/// <summary>A regular expression: its options, its timeout, its pattern. One that was generated arrives as one that is not.</summary>
internal sealed class RegexConverter : JsonConverter<Regex>
{
    public override Regex Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var parts = reader.GetString()!.Split(':', 3);
        return new(parts[2], (RegexOptions)int.Parse(parts[0], provider: null), TimeSpan.FromTicks(long.Parse(parts[1], provider: null)));
    }

    public override void Write(Utf8JsonWriter writer, Regex value, JsonSerializerOptions options) =>
        writer.WriteStringValue($"{(int)value.Options}:{value.MatchTimeout.Ticks}:{value}");
}
