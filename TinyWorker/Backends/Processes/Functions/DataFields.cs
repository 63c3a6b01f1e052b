using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text.Json.Serialization;

namespace TinyWorker.Backends.Processes.Functions;

/// <summary>The fields that make up an object, private ones and those of base types included, but not what its author marked with [JsonIgnore].</summary>
[RequiresUnreferencedCode(TravellingFunction.Reflects)]
internal static class DataFields
{
    private const BindingFlags Declared = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    public static IEnumerable<FieldInfo> Of(Type type)
    {
        for (var part = type; part is not null && part != typeof(object) && part != typeof(ValueType); part = part.BaseType)
            foreach (var field in part.GetFields(Declared).Where(field => !IsIgnored(field))) yield return field;
    }

    private static bool IsIgnored(FieldInfo field)
    {
        var isBacking = field.Name.EndsWith(">k__BackingField", StringComparison.Ordinal);
        // Some other compiler may have a field of such a name without the property.
        MemberInfo? member = isBacking ? field.DeclaringType!.GetProperty(Readable.Name(field), Declared) : field;
        return member?.GetCustomAttribute<JsonIgnoreAttribute>() is { Condition: JsonIgnoreCondition.Always };
    }
}
