using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text.Json.Serialization;

namespace TinyWorker.Processes.Data;

/// <summary>
/// The fields that make up an object, with private fields and those of base types, but without those that are marked with [JsonIgnore] or
/// with a converter of their own, and without those in which a collection keeps its items.
/// </summary>
[RequiresUnreferencedCode(DataReflection.Reason)]
internal static class DataFields
{
    private const BindingFlags Declared = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    public static IEnumerable<FieldInfo> Of(Type type)
    {
        for (var part = type; part is not null && part != typeof(object) && part != typeof(ValueType); part = part.BaseType)
        {
            if (KnownTypes.IsCollection(part)) yield break;
            foreach (var field in part.GetFields(Declared).Where(field => !IsLeftOut(field))) yield return field;
        }
    }

    /// <summary>The property or field that a reader of the source sees: the property, if the compiler made the field for it.</summary>
    public static MemberInfo? MemberOf(FieldInfo field)
    {
        var isBacking = field.Name.EndsWith(">k__BackingField", StringComparison.Ordinal);
        // Another compiler may have a field of such a name without a property.
        return isBacking ? field.DeclaringType!.GetProperty(SourceNames.Name(field), Declared) : field;
    }

    private static bool IsLeftOut(FieldInfo field) =>
        MemberOf(field) is { } member
        && (KnownTypes.HasItsOwnConverter(member)
            || member.GetCustomAttribute<JsonIgnoreAttribute>() is { Condition: JsonIgnoreCondition.Always });
}
