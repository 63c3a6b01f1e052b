using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace TinyWorker.Backends.Processes.Functions.Json;

/// <summary>Dictionaries and sets: JSON of its own knows neither their comparers nor keys that are more than a text.</summary>
[RequiresUnreferencedCode(TravellingFunction.Reflects)]
[RequiresDynamicCode(TravellingFunction.Reflects)]
internal sealed class KeyedCollectionConverterFactory : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) => KnownTypes.IsKeyed(typeToConvert);

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options)
    {
        var arguments = typeToConvert.GetGenericArguments();
        var converter = arguments.Length == 1 ? typeof(HashSetConverter<>) : typeof(DictionaryConverter<,>);
        return (JsonConverter)Activator.CreateInstance(converter.MakeGenericType(arguments))!;
    }
}
