using System.Text.Json;
using System.Text.Json.Serialization;

namespace TinyWorker.Tests.Processes.Troupes;

/// <summary>An input that kills the process that reads it.</summary>
[JsonConverter(typeof(Converter))]
public sealed record MortalInput(Death? Death)
{
    private sealed class Converter : JsonConverter<MortalInput>
    {
        public override MortalInput Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.GetInt32() is >= 0 and var death) Deaths.Die((Death)death);
            return new MortalInput((Death?)null);
        }

        public override void Write(Utf8JsonWriter writer, MortalInput value, JsonSerializerOptions options) =>
            writer.WriteNumberValue((int?)value.Death ?? -1);
    }
}
