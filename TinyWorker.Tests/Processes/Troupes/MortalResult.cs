using System.Text.Json;
using System.Text.Json.Serialization;

namespace TinyWorker.Tests.Processes.Troupes;

/// <summary>A result that kills the process that writes it.</summary>
[JsonConverter(typeof(Converter))]
public sealed record MortalResult(Death? Death)
{
    private sealed class Converter : JsonConverter<MortalResult>
    {
        public override MortalResult Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            new((Death)reader.GetInt32());

        public override void Write(Utf8JsonWriter writer, MortalResult value, JsonSerializerOptions options)
        {
            if (value.Death is { } death) Deaths.Die(death);
            writer.WriteNumberValue(-1);
        }
    }
}
