using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace TinyWorker.Backends.Processes.Functions.Json;

/// <summary>Takes arrays of numbers, bools and chars, of any rank, whatever their size, out of the hands of JSON.</summary>
[RequiresUnreferencedCode(TravellingFunction.Reflects)]
[RequiresDynamicCode(TravellingFunction.Reflects)]
internal sealed class PrimitiveArrayConverterFactory : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) =>
        (typeToConvert.IsSZArray || (typeToConvert.IsArray && typeToConvert.GetArrayRank() > 1)) && KnownTypes.IsPrimitive(typeToConvert.GetElementType()!);

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(PrimitiveArrayConverter<>).MakeGenericType(typeToConvert))!;
}
