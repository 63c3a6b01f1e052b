using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace TinyWorker.Processes.Data;

/// <summary>
/// The one rule for captured values and for inputs and results: a value can be sent if the copy that System.Text.Json makes of it equals
/// it, field by field, private fields included.
/// </summary>
[RequiresUnreferencedCode(DataReflection.Reason)]
[RequiresDynamicCode(DataReflection.Reason)]
internal static class CopyCheck
{
    /// <summary>
    /// Why the value cannot be sent, as a sentence; null, with its JSON, if it can. Throws what the value's own code throws.
    /// </summary>
    public static string? WhyNot(object value, Type type, JsonSerializerOptions options, out byte[] json)
    {
        json = [];
        // The inspector runs no code of the value's. JSON would read every property, and enumerate items that may have no end.
        if (new DataInspector().WhyNot(value) is { } reason) return reason;
        var info = options.GetTypeInfo(type);
        json = JsonSerializer.SerializeToUtf8Bytes(value, info);
        var copy = JsonSerializer.Deserialize(json, info) ?? throw new JsonException("null, where a value was.");
        if (RoundTripComparer.Difference(value, copy) is { } where)
        {
            return $"System.Text.Json would lose {where}. " +
                "An object travels if all of its state is public and can be set, or is marked for System.Text.Json.";
        }

        return json.AsSpan().SequenceEqual(JsonSerializer.SerializeToUtf8Bytes(copy, info))
            ? null
            : "what System.Text.Json makes of it is not what it makes of a copy.";
    }
}
